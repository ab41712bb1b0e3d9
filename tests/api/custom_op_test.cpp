// Ops that the program brings, networks with bodies, inputs of another type.
#include "ingot/custom_op.h"

#include <gtest/gtest.h>

#include "ingot/engine.h"
#include "ingot/network.h"

namespace ingot {
namespace {

// Keeps the elements above a limit, the number of which only a run can tell.
class Above final : public CustomOp {
 public:
  explicit Above(float limit) : limit_(limit) {}

  Status infer(const std::vector<TensorInfo>& inputs, std::vector<TensorInfo>& outputs) override {
    if (inputs.size() != 1 || inputs[0].dtype != DataType::kF32)
      return {StatusCode::kInvalidArgument, "Above takes one f32 tensor"};
    outputs[0].dtype = DataType::kF32;
    outputs[0].dims = {"?"};
    return {};
  }
  Status run(const std::vector<TensorRef>& inputs, size_t, const Allocate& output) override {
    std::vector<float> kept;
    const auto* x = static_cast<const float*>(inputs[0].data);
    for (int64_t i = 0; i < inputs[0].size(); ++i)
      if (x[i] > limit_) kept.push_back(x[i]);
    auto y = output(0, DataType::kF32, {static_cast<int64_t>(kept.size())});
    if (!y.ok()) return y.status();
    std::copy(kept.begin(), kept.end(), static_cast<float*>(y->data));
    return {};
  }

 private:
  float limit_;
};

std::vector<float> run(Engine& engine, TensorRef x) {
  auto context = engine.context();
  EXPECT_TRUE(context.ok());
  EXPECT_TRUE(context->set_input("x", x).ok());
  const Status status = context->run();
  EXPECT_TRUE(status.ok()) << status.to_string();
  auto y = context->output("y");
  EXPECT_TRUE(y.ok());
  const auto* data = static_cast<const float*>(y->data);
  return {data, data + y->size()};
}

TEST(CustomOp, RunsBetweenOtherOpsAndAfterLoading) {
  register_custom_op("above", [](const std::string& data) -> Result<std::shared_ptr<CustomOp>> {
    return std::shared_ptr<CustomOp>(std::make_shared<Above>(std::stof(data)));
  });
  Network n;
  const NetworkTensor x = n.input("x", DataType::kF32, {"n"});
  const NetworkTensor kept =
      n.op("Custom", {n.op("Neg", {x})}, {{"kind", std::string("above")}, {"data", std::string("1.5")}});
  n.output(n.op("Abs", {kept}), "y");
  auto engine = build(n);
  ASSERT_TRUE(engine.ok()) << engine.status().to_string();
  const std::vector<std::byte> bytes = engine->serialize();
  auto loaded = load_bytes(bytes.data(), bytes.size());
  ASSERT_TRUE(loaded.ok()) << loaded.status().to_string();
  float values[] = {1, -2, 3, -4};
  EXPECT_EQ(run(*engine, {DataType::kF32, {4}, values}), (std::vector<float>{2, 4}));
  EXPECT_EQ(run(*loaded, {DataType::kF32, {2}, values}), (std::vector<float>{2}));
}

TEST(CustomOp, UnknownKindIsNamed) {
  Network n;
  const NetworkTensor x = n.input("x", DataType::kF32, {"n"});
  EXPECT_FALSE(n.op("Custom", {x}, {{"kind", std::string("nobodys")}}).valid());
  EXPECT_NE(n.status().to_string().find("'nobodys'"), std::string::npos);
}

TEST(Network, BodiesTakeCaptures) {
  Network body("body");
  const NetworkTensor iteration = body.input("i", DataType::kI64, {});
  const NetworkTensor go_on = body.input("c", DataType::kBool, {});
  const NetworkTensor carried = body.input("v", DataType::kF32, {"n"});
  const NetworkTensor outer = body.input("outer", DataType::kF32, {"n"});
  static_cast<void>(iteration);
  body.output(go_on, "go_on");
  body.output(body.op("Add", {carried, outer}), "next");

  Network n;
  const NetworkTensor x = n.input("x", DataType::kF32, {"n"});
  int64_t trips = 3;
  std::map<std::string, Network> bodies;
  bodies.emplace("body", std::move(body));
  const auto out =
      n.add_with_bodies("Loop", {n.constant({DataType::kI64, {}, &trips}), {}, x}, std::move(bodies), {x}, 1);
  n.output(out[0], "y");
  auto engine = build(n);
  ASSERT_TRUE(engine.ok()) << engine.status().to_string();
  float values[] = {1, -2};
  EXPECT_EQ(run(*engine, {DataType::kF32, {2}, values}), (std::vector<float>{4, -8}));
}

TEST(Network, InputOfAnotherType) {
  Network n;
  const NetworkTensor x = n.input("x", DataType::kF32, {"n"});
  n.output(n.op("Neg", {x}), "y");
  n.set_input_type(x, DataType::kI32);
  EXPECT_EQ(n.info(x).dtype, DataType::kI32);
  auto engine = build(n);
  ASSERT_TRUE(engine.ok()) << engine.status().to_string();
  int32_t values[] = {1, -2};
  EXPECT_EQ(run(*engine, {DataType::kI32, {2}, values}), (std::vector<float>{-1, 2}));
}

}  // namespace
}  // namespace ingot
