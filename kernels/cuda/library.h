/* The C ABI of librefine_cuda.so, which the addon opens with dlopen: plain structs whose first field is their size, no exception
 * across, no type of the CUDA runtime. One device (the first that CUDA_VISIBLE_DEVICES leaves). The same sources built for the CPU
 * (REFINE_SIMT) give librefine_cuda_simt.so, whose device is called "emulator".
 * Invariant: a document's numbers depend on its own ids alone, on one kind of card: not on what it is packed with, nor on batch sizes.
 * Any thread may call; calls of one model, and the loading of models, wait for each other. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus)
extern "C" {
#endif

/* Raised with every change of what stands below. */
#define REFINE_CUDA_ABI 3u

#if defined(REFINE_CUDA_BUILD)
#define REFINE_CUDA_API __attribute__((visibility("default")))
#else
#define REFINE_CUDA_API
#endif

enum refine_cuda_reason { REFINE_CUDA_OK = 0, REFINE_CUDA_NO_DRIVER = 1, REFINE_CUDA_NO_DEVICE = 2, REFINE_CUDA_TOO_OLD = 3 };

struct refine_cuda_device {
  uint32_t size;   /* sizeof, set by the caller */
  int32_t reason;  /* refine_cuda_reason */
  int32_t error;   /* the runtime's number behind the reason, or 0 */
  int32_t major, minor;
  int32_t multiprocessors;
  int32_t driver, runtime; /* 13000 is CUDA 13.0; driver 0: none answers */
  int32_t hopper;          /* 1: the path of TMA and wgmma is taken */
  uint64_t memory;         /* bytes */
  char name[128];
  char detail[256]; /* a sentence behind a reason that is not ok */
};

enum refine_cuda_code {
  REFINE_CUDA_DONE = 0,
  REFINE_CUDA_INPUT = 1,       /* what was asked makes no sense: sizes, ids, a role that is absent or misshapen */
  REFINE_CUDA_MEMORY = 2,      /* does not fit: the message has plan and limit */
  REFINE_CUDA_LOST = 3,        /* the device is gone for this process: nothing more will work in it */
  REFINE_CUDA_UNSUPPORTED = 4, /* a model these kernels do not run */
  REFINE_CUDA_FAILED = 5       /* any other error of the runtime */
};

struct refine_cuda_error {
  uint32_t size;
  int32_t code;
  int32_t cuda; /* the runtime's number, or 0 */
  char message[512];
};

/* ModelConfig of refine/model_config.h, checked by check_config; enumerations have its order. Arrays are read during model_new alone. */
struct refine_cuda_config {
  uint32_t size;
  int32_t vocab, channels, layers, heads, kv_heads, head_dim, hidden, context;
  int32_t layout, two_norms, norm, norm_affine, activation, gated, position;
  float norm_eps;
  int32_t rotary_dim;
  const float* rotary_frequency; /* rotary_dim / 2 */
  float rotary_factor;
  const float* alibi_slope; /* heads, where position is alibi */
  float alibi_scale;
  int32_t alibi_bfloat16;
  float attention_scale, clip_qkv;
  int32_t qk_norm, relative_span, causal, position_offset, segments, embedding_norm, final_norm;
};

/* Weights by role (refine/model_reference.h), fetched one at a time; must outlive the model, whose heads are fetched when first asked for. */
struct refine_cuda_weights {
  uint32_t size;
  void* user;
  int (*shape)(void* user, const char* role, int64_t* rows, int64_t* columns); /* 0: there is no such role; a vector is (1, n) */
  void (*read)(void* user, const char* role, float* out);                      /* row-major */
};

enum refine_cuda_dtype { REFINE_CUDA_F32 = 0, REFINE_CUDA_BF16 = 1, REFINE_CUDA_INT8 = 2 };

struct refine_cuda_options {
  uint32_t size;
  int32_t dtype;         /* of linear layers; activations are bf16 beside bf16 and int8 */
  int64_t batch_tokens;  /* of one packed batch; 0: chosen by the model's size */
  uint64_t memory_limit; /* bytes of the device all models of this process may take; 0: what it has free */
};

struct refine_cuda_facts {
  uint32_t size;
  int32_t halvings; /* how often the batch was halved for want of memory */
  int64_t batch_tokens;
  uint64_t weight_bytes, arena_bytes;
  uint64_t batches, tokens; /* computed so far */
  double gpu_seconds;       /* from each batch's first kernel to its last, by events; kept where the environment has REFINE_CUDA_TIMING=1 */
  int32_t graphs;          /* forwards kept for replay; see graph_plan.h */
  uint64_t replays;        /* batches whose forward was replayed */
  uint64_t launches;       /* kernels of the forward kept last */
};

enum refine_cuda_pooling { REFINE_CUDA_CLS = 0, REFINE_CUDA_MEAN = 1, REFINE_CUDA_MAX = 2, REFINE_CUDA_POOLER = 3 };

struct refine_cuda_encode {
  uint32_t size;
  int32_t pooling;
  int32_t pooler_activation; /* 0 tanh, 1 gelu */
  int32_t heads;
  const char* const* roles; /* heads: each has ROLE.weight (labels, C) and perhaps ROLE.bias */
  float* vectors;           /* (documents, C) */
  float* const* logits;     /* heads: (documents, labels); NaN for a document without ids, whose vector is zeros */
};

struct refine_cuda_model;

/* Every function but the first two: a refine_cuda_code, with the error filled where it is not DONE. */
REFINE_CUDA_API uint32_t refine_cuda_abi(void);
/* The reason; touches the driver only here and when work is asked for. */
REFINE_CUDA_API int refine_cuda_probe(struct refine_cuda_device* out);

REFINE_CUDA_API int refine_cuda_model_new(const struct refine_cuda_config* config, const struct refine_cuda_weights* weights, const struct refine_cuda_options* options,
                                          struct refine_cuda_model** out, struct refine_cuda_error* error);
REFINE_CUDA_API void refine_cuda_model_free(struct refine_cuda_model* model);
REFINE_CUDA_API int refine_cuda_model_facts(const struct refine_cuda_model* model, struct refine_cuda_facts* out);

/* Document d owns ids [offsets[d], offsets[d + 1]); offsets has documents + 1 entries, starts at 0 and never falls.
 * out (offsets[documents]): -ln p(id | those before it in its document) in nats. With bos >= 0 that id stands before every document;
 * without, the first of a document is NaN. */
REFINE_CUDA_API int refine_cuda_model_losses(struct refine_cuda_model* model, const uint32_t* ids, const int32_t* offsets, size_t documents, int64_t bos, float* out,
                                             struct refine_cuda_error* error);
/* out (count, V): the scores of what follows each of `positions` of one document. */
REFINE_CUDA_API int refine_cuda_model_logits(struct refine_cuda_model* model, const uint32_t* ids, size_t length, const uint32_t* positions, size_t count, float* out,
                                             struct refine_cuda_error* error);
REFINE_CUDA_API int refine_cuda_model_encode(struct refine_cuda_model* model, const uint32_t* ids, const int32_t* offsets, size_t documents,
                                             const struct refine_cuda_encode* request, struct refine_cuda_error* error);

/* Minima of the affine family, all 64 bits: shingles of row r are [offsets[r], offsets[r + 1]); out (rows, hashes), all ones where a
 * row has none. a and b (hashes) below 2^61 - 1. Oracle: kernels/hash/minhash_minima.cpp, bit for bit. */
REFINE_CUDA_API int refine_cuda_minhash(const uint64_t* shingles, const int64_t* offsets, size_t rows, const uint64_t* a, const uint64_t* b, uint32_t hashes, uint64_t* out,
                                        struct refine_cuda_error* error);

/* Of those minima, the keys of `bands` bands from number `first` on, each of `hashes` hashes: out (rows, bands, 2), MurmurHash3 x64 128 of a
 * band's minima, high then low half; of a row without shingles the key of all ones. a and b (bands * hashes): those of these bands alone.
 * Oracle: kernels/hash/band_hasher.cpp, bit for bit. */
REFINE_CUDA_API int refine_cuda_band_keys(const uint64_t* shingles, const int64_t* offsets, size_t rows, const uint64_t* a, const uint64_t* b, uint32_t bands, uint32_t hashes,
                                          uint32_t first, uint64_t* out, struct refine_cuda_error* error);

/* Bytes of the device: all, free now, and held by this library. */
REFINE_CUDA_API int refine_cuda_memory(uint64_t* total, uint64_t* free, uint64_t* held, struct refine_cuda_error* error);

/* ---- training of a small decoder: next-token loss, AdamW; what has no backward pass on the device is REFINE_CUDA_UNSUPPORTED ---- */

/* A parameter of the caller's flat buffer of fp32 weights, by role (stages/contract/weights); a vector has 1 row. */
struct refine_cuda_parameter {
  const char* role;
  int64_t rows, columns;
  int64_t offset; /* in numbers */
  int32_t matrix; /* 1: decayed */
};

/* As TrainOptions of refine/model_train.h. */
struct refine_cuda_train_options {
  uint32_t size;
  int32_t dtype; /* of products: F32 or BF16; weights, moments and gradients are fp32 */
  int32_t tied_head, linear_bias;
  float rate, final_share, decay, beta1, beta2, epsilon, clip;
  int64_t warmup, total;
  int64_t batch_tokens; /* rows whose activations are held at once; part of the result, as gradients are added part by part; 0: 16,384 */
  uint64_t memory_limit;
};

struct refine_cuda_train_step {
  uint32_t size;
  int32_t updated; /* 0: loss or gradient is not finite, the weights stayed as they were */
  double loss;     /* mean nats a target */
  double gradient; /* global norm before clipping */
  int64_t targets;
  float rate;
};

struct refine_cuda_trainer;

/* `weights`: the flat buffer that `parameters` describe. REFINE_CUDA_MEMORY with the plan where it does not fit. */
REFINE_CUDA_API int refine_cuda_trainer_new(const struct refine_cuda_config* config, const struct refine_cuda_train_options* options, const struct refine_cuda_parameter* parameters,
                                            size_t count, const float* weights, struct refine_cuda_trainer** out, struct refine_cuda_error* error);
REFINE_CUDA_API void refine_cuda_trainer_free(struct refine_cuda_trainer* trainer);
/* gradient: NULL to update, else a flat buffer that gets it and nothing is updated. */
REFINE_CUDA_API int refine_cuda_trainer_step(struct refine_cuda_trainer* trainer, const uint32_t* ids, const int32_t* offsets, size_t documents, struct refine_cuda_train_step* out,
                                             float* gradient, struct refine_cuda_error* error);
/* out (offsets[documents]): nats of each id, NaN for the first of a document. */
REFINE_CUDA_API int refine_cuda_trainer_evaluate(struct refine_cuda_trainer* trainer, const uint32_t* ids, const int32_t* offsets, size_t documents, float* out,
                                                 struct refine_cuda_error* error);
/* out: flat as given. */
REFINE_CUDA_API int refine_cuda_trainer_weights(struct refine_cuda_trainer* trainer, float* out, struct refine_cuda_error* error);

#if defined(__cplusplus)
}
#endif
