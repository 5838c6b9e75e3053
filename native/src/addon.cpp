// The addon's entry: each bind_*.cpp registers its functions through REFINE_BIND, so no list is kept here.
#include "bind.h"

namespace refine::node {
std::vector<Binder>& binders() {
  static std::vector<Binder> list;
  return list;
}
}  // namespace refine::node

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  for (auto bind : refine::node::binders()) bind(env, exports);
  return exports;
}

NODE_API_MODULE(refine_native, init)
