#include "engine/plan_io.h"

namespace ingot {
namespace {

void write_dims(ByteWriter& out, const Dims& dims) { out.put_numbers(dims); }
Dims read_dims(ByteReader& in) { return in.get_numbers<int64_t>(); }

void write_tensor(ByteWriter& out, const Tensor& t) {
  out.put(t.dtype());
  write_dims(out, t.dims());
  out.put_string({static_cast<const char*>(t.data()), t.bytes()});
}

Tensor read_tensor(ByteReader& in) {
  const auto dtype = in.get<DataType>();
  const Dims dims = read_dims(in);
  const std::string bytes = in.get_string();
  const auto expected = checked_bytes(dtype, dims);
  if (!in.ok() || bit_width(dtype) == 0 || !expected.ok() || *expected != bytes.size()) {
    in.fail();
    return Tensor::scalar_i64(0);
  }
  auto tensor = Tensor::allocate(dtype, dims);
  if (!tensor.ok()) {
    in.fail();
    return Tensor::scalar_i64(0);
  }
  if (!bytes.empty()) std::memcpy(tensor->mutable_data(), bytes.data(), bytes.size());
  return std::move(tensor).value();
}

// A constant dim is one number, an expression its text.
void write_dim(ByteWriter& out, const Dim& d) {
  out.put(static_cast<uint8_t>(d.is_const()));
  if (d.is_const())
    out.put(d.value());
  else
    out.put_string(d.to_string());
}

Dim read_dim(ByteReader& in) {
  if (in.get<uint8_t>() != 0) return in.get<int64_t>();
  const std::string text = in.get_string();
  if (!in.ok()) return 0;
  auto parsed = Dim::parse(text);
  if (parsed.ok()) return *parsed;
  in.fail();
  return 0;
}

void write_type(ByteWriter& out, const TensorType& t) {
  out.put(t.dtype);
  out.put(static_cast<uint8_t>(t.ranked));
  out.put_list(t.shape, [&](const Dim& d) { write_dim(out, d); });
}

TensorType read_type(ByteReader& in) {
  TensorType t;
  t.dtype = in.get<DataType>();
  if (bit_width(t.dtype) == 0) in.fail();
  t.ranked = in.get<uint8_t>() != 0;
  t.shape = in.get_list<Dim>([&] { return read_dim(in); });
  return t;
}

}  // namespace

void write_attrs(ByteWriter& out, const Attrs& attrs) {
  out.put(static_cast<uint64_t>(attrs.size()));
  for (const auto& [name, value] : attrs) {
    out.put_string(name);
    out.put(static_cast<uint8_t>(value.index()));
    std::visit(
        [&](const auto& v) {
          using T = std::decay_t<decltype(v)>;
          if constexpr (std::is_same_v<T, std::string>)
            out.put_string(v);
          else if constexpr (std::is_same_v<T, Strings>)
            out.put_list(v, [&](const std::string& s) { out.put_string(s); });
          else if constexpr (std::is_same_v<T, Tensor>)
            write_tensor(out, v);
          else if constexpr (std::is_arithmetic_v<T>)
            out.put(v);
          else
            out.put_numbers(v);
        },
        value);
  }
}

Attrs read_attrs(ByteReader& in) {
  Attrs attrs;
  const auto count = in.get<uint64_t>();
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    const std::string name = in.get_string();
    switch (in.get<uint8_t>()) {
      case 0:
        attrs.set(name, in.get<int64_t>());
        break;
      case 1:
        attrs.set(name, in.get<float>());
        break;
      case 2:
        attrs.set(name, in.get_string());
        break;
      case 3:
        attrs.set(name, in.get_numbers<int64_t>());
        break;
      case 4:
        attrs.set(name, in.get_numbers<float>());
        break;
      case 5:
        attrs.set(name, in.get_list<std::string>([&] { return in.get_string(); }));
        break;
      case 6:
        attrs.set(name, read_tensor(in));
        break;
      default:
        in.fail();
    }
  }
  return attrs;
}

void write_plan(ByteWriter& out, const Plan& plan) {
  out.put_string(plan.device);
  out.put_string(plan.arch);
  out.put(plan.threads);
  out.put(plan.block);
  out.put_list(plan.profile, [&](const ProfileInput& p) {
    out.put_string(p.name);
    write_dims(out, p.min);
    write_dims(out, p.opt);
    write_dims(out, p.max);
  });
  out.put_list(plan.tensors, [&](const PlanTensor& t) {
    out.put_string(t.name);
    write_type(out, t.type);
    out.put(t.layout);
    out.put(t.weight);
    out.put(t.alias_of);
    write_dim(out, t.alias_offset);
    out.put_list(t.contents, [&](const Dim& d) { write_dim(out, d); });
  });
  out.put_list(plan.steps, [&](const PlanStep& s) {
    out.put_string(s.op);
    out.put_string(s.kernel);
    out.put_string(s.name);
    write_attrs(out, s.args);
    out.put_numbers(s.inputs);
    out.put_numbers(s.outputs);
    out.put_numbers(s.inplace);
    out.put_list(s.subplans, [&](const auto& sub) {
      out.put_string(sub.first);
      out.put(sub.second);
    });
    out.put(s.captures);
    out.put(s.flops);
    out.put(s.bytes);
    out.put_list(s.timed, [&](const KernelTime& k) {
      out.put_string(k.kernel);
      out.put(k.seconds);
      out.put(static_cast<uint8_t>(k.picked));
    });
  });
  out.put_numbers(plan.inputs);
  out.put_numbers(plan.outputs);
  out.put_list(plan.subplans, [&](const Plan& p) { write_plan(out, p); });
}

namespace {

Plan read_plan_at(ByteReader& in, int depth) {
  Plan plan;
  if (depth > 64) in.fail();
  plan.device = in.get_string();
  plan.arch = in.get_string();
  plan.threads = in.get<int32_t>();
  plan.block = in.get<int32_t>();
  plan.profile = in.get_list<ProfileInput>([&] {
    ProfileInput p;
    p.name = in.get_string();
    p.min = read_dims(in);
    p.opt = read_dims(in);
    p.max = read_dims(in);
    return p;
  });
  plan.tensors = in.get_list<PlanTensor>([&] {
    PlanTensor t;
    t.name = in.get_string();
    t.type = read_type(in);
    t.layout = in.get<Layout>();
    if (t.layout > Layout::kBlocked) in.fail();
    t.weight = in.get<int32_t>();
    t.alias_of = in.get<TensorId>();
    t.alias_offset = read_dim(in);
    t.contents = in.get_list<Dim>([&] { return read_dim(in); });
    return t;
  });
  plan.steps = in.get_list<PlanStep>([&] {
    PlanStep s;
    s.op = in.get_string();
    s.kernel = in.get_string();
    s.name = in.get_string();
    s.args = read_attrs(in);
    s.inputs = in.get_numbers<TensorId>();
    s.outputs = in.get_numbers<TensorId>();
    s.inplace = in.get_numbers<int32_t>();
    s.subplans = in.get_list<std::pair<std::string, int32_t>>([&] {
      std::string name = in.get_string();
      return std::pair(std::move(name), in.get<int32_t>());
    });
    s.captures = in.get<int32_t>();
    s.flops = in.get<double>();
    s.bytes = in.get<double>();
    s.timed = in.get_list<KernelTime>([&] {
      KernelTime k;
      k.kernel = in.get_string();
      k.seconds = in.get<double>();
      k.picked = in.get<uint8_t>() != 0;
      return k;
    });
    return s;
  });
  plan.inputs = in.get_numbers<TensorId>();
  plan.outputs = in.get_numbers<TensorId>();
  plan.subplans = in.get_list<Plan>([&] { return read_plan_at(in, depth + 1); });
  return plan;
}

}  // namespace

Result<Plan> read_plan(ByteReader& in) {
  Plan plan = read_plan_at(in, 0);
  if (!in.ok()) return corrupt("a plan is damaged or cut off");
  return plan;
}

}  // namespace ingot
