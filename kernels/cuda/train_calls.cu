// The C ABI of the trainer; see library.h. Nothing here computes.
#include "calls.h"
#include "config_of.h"
#include "train.h"

struct refine_cuda_trainer {
  std::unique_ptr<refine::cuda::DeviceTrainer> own;
};

using namespace refine::cuda;

extern "C" {

int refine_cuda_trainer_new(const refine_cuda_config* config, const refine_cuda_train_options* options, const refine_cuda_parameter* parameters, size_t count, const float* weights,
                            refine_cuda_trainer** out, refine_cuda_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (config->size != sizeof *config) return misfit("the configuration");
    if (options->size != sizeof *options) return misfit("the training options");
    auto trainer = std::make_unique<refine_cuda_trainer>();
    const Outcome outcome = DeviceTrainer::make(config_of(*config), *options, parameters, count, weights, &trainer->own);
    if (outcome.ok()) *out = trainer.release();
    return outcome;
  });
}

void refine_cuda_trainer_free(refine_cuda_trainer* trainer) { delete trainer; }

int refine_cuda_trainer_step(refine_cuda_trainer* trainer, const uint32_t* ids, const int32_t* offsets, size_t documents, refine_cuda_train_step* out, float* gradient,
                             refine_cuda_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (out->size != sizeof *out) return misfit("the step");
    const Outcome checked = check_offsets(offsets, documents);
    if (!checked.ok()) return checked;
    TrainStepResult result;
    const Outcome outcome = gradient != nullptr ? trainer->own->gradient(ids, offsets, documents, &result, gradient) : trainer->own->step(ids, offsets, documents, &result);
    if (outcome.ok()) *out = {sizeof *out, result.updated ? 1 : 0, result.loss, result.gradient, result.targets, result.rate};
    return outcome;
  });
}

int refine_cuda_trainer_evaluate(refine_cuda_trainer* trainer, const uint32_t* ids, const int32_t* offsets, size_t documents, float* out, refine_cuda_error* error) {
  return guarded(error, [&] {
    const Outcome checked = check_offsets(offsets, documents);
    return checked.ok() ? trainer->own->evaluate(ids, offsets, documents, out) : checked;
  });
}

int refine_cuda_trainer_weights(refine_cuda_trainer* trainer, float* out, refine_cuda_error* error) {
  return guarded(error, [&] { return trainer->own->weights(out); });
}

}  // extern "C"
