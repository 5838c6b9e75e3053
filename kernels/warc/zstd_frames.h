#pragma once
namespace refine {
struct ZstdFrames {};
}
