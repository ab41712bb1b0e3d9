// Plans and attributes to bytes and back.
#pragma once

#include "engine/bytes.h"
#include "engine/plan.h"

namespace ingot {

void write_attrs(ByteWriter& out, const Attrs& attrs);
Attrs read_attrs(ByteReader& in);

void write_plan(ByteWriter& out, const Plan& plan);
/// Only the bytes' form is checked here: `validate` checks what they say.
Result<Plan> read_plan(ByteReader& in);

}  // namespace ingot
