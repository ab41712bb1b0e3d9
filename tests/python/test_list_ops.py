"""list_ops finds operators wherever a model can hide them."""

import list_ops
import pytest
from onnx import TensorProto, helper


def value(name):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1])


def test_subgraphs_and_functions_count(tmp_path):
    branch = helper.make_graph([helper.make_node("Relu", ["x"], ["b"])], "branch", [], [value("b")])
    function = helper.make_function(
        "mine",
        "Twice",
        ["a"],
        ["c"],
        [helper.make_node("Add", ["a", "a"], ["c"])],
        [helper.make_opsetid("", 14)],
    )
    nodes = [
        helper.make_node("If", ["cond"], ["y"], then_branch=branch, else_branch=branch),
        helper.make_node("Twice", ["y"], ["z"], domain="mine"),
        helper.make_node("Odd", ["z"], ["out"], domain="theirs"),
    ]
    inputs = [helper.make_tensor_value_info("cond", TensorProto.BOOL, []), value("x")]
    imports = [helper.make_opsetid("", 18), helper.make_opsetid("mine", 1), helper.make_opsetid("theirs", 3)]
    model = helper.make_model(
        helper.make_graph(nodes, "g", inputs, [value("out")]), functions=[function], opset_imports=imports
    )
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "m.onnx").write_bytes(model.SerializeToString())

    uses = list_ops.collect([tmp_path])
    assert set(uses) == {("ai.onnx", "If"), ("ai.onnx", "Relu"), ("ai.onnx", "Add"), ("theirs", "Odd")}
    assert uses["ai.onnx", "Relu"].opsets == {18} and uses["ai.onnx", "Relu"].since == {14}
    assert uses["ai.onnx", "Add"].opsets == {14}  # the function's own import
    assert uses["theirs", "Odd"].since == {None} and uses["theirs", "Odd"].models == {"m"}


def test_missing():
    table = list_ops.Supported(
        'INGOT_ONNX("", Add, 1, 6, by_axis)\nINGOT_ONNX("", Add, 7, kNewest, same)\n'
        'INGOT_ONNX("", Relu, 1, kNewest, same)\nINGOT_ONNX("ai.onnx.ml", Scaler, 1, 2, scaler)\n',
        "// INGOT_OP(Relu)\nINGOT_OP(Add)\n",
    )

    def use(*opsets):
        result = list_ops.Use()
        result.opsets.update(opsets)
        return result

    uses = {
        ("ai.onnx", "Add"): use(1, 6, 7, 22),
        ("ai.onnx.ml", "Scaler"): use(2, 3),
        ("ai.onnx", "Relu"): use(18),
    }
    uses["theirs", "Odd"] = use()
    assert table.missing(uses) == {
        ("ai.onnx.ml", "Scaler"): {3},
        ("ai.onnx", "Relu"): {18},
        ("theirs", "Odd"): set(),
    }


def test_front_end_knows_what_the_shared_models_use():
    uses = list_ops.collect(list_ops.SHARED)
    if not uses:
        pytest.skip(f"there are no shared models in {list_ops.SHARED[0].parent}")
    assert len(uses) > 90
    assert list_ops.Supported.of_sources().missing(uses) == {}
