#include "layers/generic.h"

#include "network.h"

namespace ingot::tensorrt {

void GenericLayer::network_log(const char* text) {
  network_.log().error(nvinfer1::ErrorCode::kUNSUPPORTED_STATE,
                       "layer '" + name() + "' (" + op_ + "): " + text);
}

}  // namespace ingot::tensorrt
