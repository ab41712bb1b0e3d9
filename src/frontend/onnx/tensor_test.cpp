// Weights: every way the format has to store them, borrowed where possible; external files.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "frontend/onnx/tensor_reader.h"
#include "frontend/onnx/wire.h"

namespace ingot::onnx_import {
namespace {

template <class T>
Text text_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

template <class T>
std::vector<T> values_of(const Result<Tensor>& tensor) {
  if (!tensor.ok()) {
    ADD_FAILURE() << tensor.status().to_string();
    return {};
  }
  const auto span = tensor->span<T>();
  return {span.begin(), span.end()};
}

TensorProto proto(int64_t type, std::vector<int64_t> dims) {
  TensorProto p;
  p.name = "w";
  p.data_type = type;
  p.dims = std::move(dims);
  return p;
}

TEST(Wire, VarintsAtTheirLimits) {
  uint64_t value = 0;
  Text bytes("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01rest", 14);
  ASSERT_TRUE(take_varint(bytes, value));
  EXPECT_EQ(value, ~uint64_t{0});
  EXPECT_EQ(bytes, "rest");
  Text cut("\x80", 1), endless("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11);
  EXPECT_FALSE(take_varint(cut, value));
  EXPECT_FALSE(take_varint(endless, value));
}

TEST(Wire, FieldsStayWithinTheirMessage) {
  Field field;
  Text too_long(
      "\x0a\x05"
      "abc",
      5);
  EXPECT_EQ(take_field(too_long, field).code(), StatusCode::kCorrupt);
  Text huge("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
  EXPECT_EQ(take_field(huge, field).code(), StatusCode::kCorrupt);
  Text group("\x0b", 1), zero("\x02\x00", 2), half_float("\x0d\x00\x00", 3);
  EXPECT_FALSE(take_field(group, field).ok());
  EXPECT_FALSE(take_field(zero, field).ok());
  EXPECT_FALSE(take_field(half_float, field).ok());
  Text good(
      "\x0a\x03"
      "abc\x10\x07",
      7);
  ASSERT_TRUE(take_field(good, field).ok());
  EXPECT_EQ(field.payload, "abc");
  int64_t number = 0;
  EXPECT_FALSE(field.get(number).ok());  // a text where a number belongs
  ASSERT_TRUE(take_field(good, field).ok() && field.get(number).ok());
  EXPECT_EQ(number, 7);
}

TEST(TensorReader, RawDataIsBorrowedWhereItIsAligned) {
  const auto owner = std::make_shared<std::vector<float>>(std::vector<float>{0, 1, 2, 3});
  const Text bytes = text_of(*owner);
  TensorReader reader({bytes, owner, nullptr}, "");
  TensorProto p = proto(1, {2});
  p.has_raw_data = true;
  p.raw_data = bytes.substr(4, 8);
  Result<Tensor> tensor = reader.read(p);
  EXPECT_EQ(values_of<float>(tensor), (std::vector<float>{1, 2}));
  EXPECT_EQ(tensor->data(), owner->data() + 1);
  p.raw_data = bytes.substr(3, 8);
  tensor = reader.read(p);
  ASSERT_TRUE(tensor.ok());
  EXPECT_EQ(std::memcmp(tensor->data(), bytes.data() + 3, 8), 0);
  EXPECT_NE(tensor->data(), static_cast<const void*>(bytes.data() + 3));
}

TEST(TensorReader, WithoutAnOwnerNothingIsBorrowed) {
  const std::vector<float> values = {1, 2};
  TensorReader reader({text_of(values), nullptr, nullptr}, "");
  TensorProto p = proto(1, {2});
  p.has_raw_data = true;
  p.raw_data = text_of(values);
  const Result<Tensor> tensor = reader.read(p);
  EXPECT_EQ(values_of<float>(tensor), values);
  EXPECT_NE(tensor->data(), static_cast<const void*>(values.data()));
}

TEST(TensorReader, TypedFields) {
  TensorReader reader({}, "");
  const std::vector<float> reals = {1.5f, -2};
  TensorProto p = proto(1, {2});
  p.float_data = {text_of(reals)};
  EXPECT_EQ(values_of<float>(reader.read(p)), reals);
  p.float_data = {text_of(reals).substr(0, 4), text_of(reals).substr(4)};  // one field per element
  EXPECT_EQ(values_of<float>(reader.read(p)), reals);

  p = proto(7, {3});
  p.int64_data = {Text("\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x96\x01", 13)};
  EXPECT_EQ(values_of<int64_t>(reader.read(p)), (std::vector<int64_t>{0, -1, 150}));

  p = proto(3, {2});  // int8
  p.int32_data = {Text("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x05", 11)};
  EXPECT_EQ(values_of<int8_t>(reader.read(p)), (std::vector<int8_t>{-1, 5}));

  p = proto(9, {3});  // bool
  p.int32_data = {Text("\x00\x01\x07", 3)};
  EXPECT_EQ(values_of<bool>(reader.read(p)), (std::vector<bool>{false, true, true}));

  p = proto(10, {1});  // float16: the bits of 1.0
  p.int32_data = {Text("\x80\x78", 2)};
  EXPECT_EQ(static_cast<float>(values_of<Half>(reader.read(p)).at(0)), 1.0f);

  p = proto(22, {3});  // int4: two to a byte
  p.int32_data = {Text("\x21\x03", 2)};
  const Result<Tensor> nibbles = reader.read(p);
  ASSERT_TRUE(nibbles.ok()) << nibbles.status().to_string();
  EXPECT_EQ(std::memcmp(nibbles->data(), "\x21\x03", 2), 0);
}

TEST(TensorReader, SparseBecomesDense) {
  TensorReader reader({}, "");
  const std::vector<float> values = {5, 6};
  const std::vector<int64_t> linear = {1, 5}, rows = {0, 1, 1, 2}, outside = {1, 6};
  SparseTensorProto p;
  p.dims = {2, 3};
  p.values = proto(1, {2});
  p.values.has_raw_data = true;
  p.values.raw_data = text_of(values);
  p.indices = proto(7, {2});
  p.indices.has_raw_data = true;
  p.indices.raw_data = text_of(linear);
  const std::vector<float> expected = {0, 5, 0, 0, 0, 6};
  EXPECT_EQ(values_of<float>(reader.read(p)), expected);
  p.indices.raw_data = text_of(outside);
  EXPECT_FALSE(reader.read(p).ok());
  p.indices.dims = {2, 2};
  p.indices.raw_data = text_of(rows);
  EXPECT_EQ(values_of<float>(reader.read(p)), expected);
  p.dims = {int64_t{1} << 40, 3};
  EXPECT_FALSE(reader.read(p).ok());
}

class ExternalData : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = std::filesystem::temp_directory_path() / "ingot_external_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::filesystem::create_directory(folder_ + "/sub");
    ASSERT_TRUE(write_file_atomic(folder_ + "/sub/w.bin", text_of(values_)).ok());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Result<Tensor> read(Text location, Text offset, Text length, std::vector<int64_t> dims) {
    TensorReader reader({}, folder_);
    TensorProto p = proto(1, std::move(dims));
    p.is_external = true;
    p.external_data = {{"location", location}};
    if (!offset.empty()) p.external_data.emplace_back("offset", offset);
    if (!length.empty()) p.external_data.emplace_back("length", length);
    return reader.read(p);
  }

  std::string folder_;
  const std::vector<float> values_ = {1, 2, 3, 4};
};

TEST_F(ExternalData, IsReadAtItsOffset) {
  EXPECT_EQ(values_of<float>(read("sub/w.bin", "", "", {2, 2})), values_);
  EXPECT_EQ(values_of<float>(read("sub/w.bin", "8", "8", {2})), (std::vector<float>{3, 4}));
  EXPECT_EQ(values_of<float>(read("./sub/w.bin", "4", "", {1})), (std::vector<float>{2}));
}

TEST_F(ExternalData, IsChecked) {
  EXPECT_EQ(read("sub/w.bin", "", "", {5}).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(read("sub/w.bin", "12", "8", {2}).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(read("sub/w.bin", "18446744073709551615", "8", {2}).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(read("sub/w.bin", "-4", "8", {2}).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(read("sub/w.bin", "0", "16", {2}).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(read("gone.bin", "", "", {2}).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(read("sub", "", "", {2}).status().code(), StatusCode::kIoError);
}

TEST_F(ExternalData, MayNotLeaveTheFolder) {
  for (Text location : {Text("/etc/passwd"), Text("../w.bin"), Text("sub/../sub/w.bin"), Text("sub/.."),
                        Text("sub/w.bin\0x", 11)})
    EXPECT_EQ(read(location, "", "", {4}).status().code(), StatusCode::kInvalidArgument) << location;
}

}  // namespace
}  // namespace ingot::onnx_import
