"""trtexec: the command lines that tutorials teach, its output as parsers read it, its files, its refusals."""

import json
import os
import re
import subprocess

import modules
import numpy as np
import onnxruntime
import pytest

DIGITS = modules.ROOT / "examples" / "digits" / "digits.onnx"
QUICK = ("--duration=0.05", "--warmUp=10", "--builderOptimizationLevel=0")
STATISTICS = r": min = \S+ ms, max = \S+ ms, mean = (\S+) ms, median = \S+ ms, percentile\(90%\) = \S+ ms"


def trtexec(*arguments, major="", folder=None, passes=True):
    command = [modules.program("trtexec"), *map(str, arguments)]
    environment = {**os.environ, "INGOT_TENSORRT": major}
    result = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=300)
    verdict = result.stdout.splitlines()[-1]
    assert verdict.startswith("&&&& PASSED" if passes else "&&&& FAILED"), result.stdout + result.stderr
    assert result.returncode == (0 if passes else 1)
    return result.stdout + result.stderr


@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("--fp16",),
        ("--int8",),
        ("--best", "--workspace=1024"),
        ("--minShapes=image:1x1x8x8", "--optShapes=image:4x1x8x8", "--maxShapes=image:8x1x8x8"),
        ("--explicitBatch", "--batch=4"),
        ("--memPoolSize=workspace:1G", "--noTF32", "--sparsity=enable"),
    ],
)
def test_build_saves_an_engine_and_load_measures_it(flags, tmp_path):
    engine = tmp_path / "digits.trt"
    said = trtexec(f"--onnx={DIGITS}", f"--saveEngine={engine}", *flags, *QUICK)
    heeded = {"--minShapes", "--optShapes", "--maxShapes", "--batch"}
    if modules.gpu():
        heeded |= {"--fp16", "--best", "--noTF32"}
    for name in {flag.split("=")[0] for flag in flags} - heeded:
        assert f"[W] {name} has no effect: " in said
    said = trtexec("--loadEngine", engine, *QUICK)
    assert "Engine loaded in" in said and "Parse time" not in said


def test_refit(tmp_path):
    said = trtexec(
        f"--onnx={DIGITS}", f"--refitFromOnnx={DIGITS}", "--timeRefit", "--dumpRefit", *QUICK, major="10"
    )
    assert "Refittable weights: fc.bias 10" in said and "Engine refitted 10 times" in said
    assert re.search(r"Engine refitted with \d+ weights of", said)
    engine = tmp_path / "plain.trt"
    trtexec(f"--onnx={DIGITS}", f"--saveEngine={engine}", "--skipInference", *QUICK)
    said = trtexec("--loadEngine", engine, f"--refitFromOnnx={DIGITS}", *QUICK, major="10", passes=False)
    assert "refittable" in said


def test_output_is_what_parsers_read(tmp_path):
    said = trtexec(f"--onnx={DIGITS}", "--shapes='image':2x1x8x8", *QUICK, major="8")
    assert said.startswith("&&&& RUNNING TensorRT.trtexec [TensorRT v8601] # trtexec --onnx=")
    for line in said.splitlines()[1:-1]:
        assert re.match(r"\[\d\d/\d\d/\d{4}-\d\d:\d\d:\d\d\] \[[VIWE]\] ", line), line
    for name in ("Latency", "Enqueue Time", "H2D Latency", "GPU Compute Time", "D2H Latency"):
        assert re.search(r"\[I\] " + name + STATISTICS, said), name
    assert float(re.search(r"\[I\] Latency" + STATISTICS, said)[1]) > 0
    assert float(re.search(r"Throughput: (\S+) qps", said)[1]) > 0
    assert re.search(
        r"Average on 10 runs - GPU latency: \S+ ms - Host latency: \S+ ms \(enqueue \S+ ms\)", said
    )
    assert re.search(r"Warmup completed \d+ queries over 10 ms", said)
    assert "[TensorRT v101600] [b72]" in trtexec(f"--onnx={DIGITS}", "--skipInference", *QUICK, major="10")


def test_files_have_the_known_shapes(tmp_path):
    image = np.random.default_rng(0).random((2, 1, 8, 8), np.float32)
    image.tofile(tmp_path / "image.raw")
    names = {n: tmp_path / f"{n}.json" for n in ("Times", "Output", "Profile", "LayerInfo")}
    trtexec(
        f"--onnx={DIGITS}",
        "--shapes=image:2x1x8x8",
        f"--loadInputs=image:{tmp_path / 'image.raw'}",
        "--dumpRawBindingsToFile",
        *(f"--export{n}={path}" for n, path in names.items()),
        *QUICK,
        folder=tmp_path,
    )
    times, output, profile, layers = (json.loads(path.read_text()) for path in names.values())
    assert len(times) >= 10 and all(t["latencyMs"] == t["computeMs"] > 0 <= t["d2hMs"] for t in times)
    assert all(t["startComputeMs"] <= t["endEnqMs"] < t["startComputeMs"] + 1e4 for t in times)
    expected = onnxruntime.InferenceSession(DIGITS).run(["probabilities"], {"image": image})[0]
    assert [o["name"] for o in output] == ["probabilities"] and output[0]["dimensions"] == "2x10"
    np.testing.assert_allclose(np.reshape(output[0]["values"], (2, 10)), expected, 1e-4, 1e-6)
    raw = np.fromfile(tmp_path / "probabilities.output.2.10.f32.raw", np.float32)
    np.testing.assert_allclose(raw, expected.ravel(), 1e-4, 1e-6)
    assert profile[0] == {"count": 10}
    assert set(profile[1]) == {"name", "timeMs", "averageMs", "medianMs", "percentage"}
    assert abs(sum(layer["percentage"] for layer in profile[1:]) - 100) < 1e-6
    assert {layer["Name"] for layer in layers["Layers"]} == {layer["name"] for layer in profile[1:]}
    assert [io["Name"] for io in layers["I/O Tensors"]] == ["image", "probabilities"]


def test_layers_are_those_of_the_version(tmp_path):
    """As polygraphy and trt-engine-explorer read them."""
    path = tmp_path / "layers.json"
    for major, keys in (("10", {"Format/Datatype"}), ("11", {"Format", "Datatype"})):
        trtexec(f"--onnx={DIGITS}", "--buildOnly", f"--exportLayerInfo={path}", *QUICK, major=major)
        layers = json.loads(path.read_text())
        first, last = layers["Layers"][0], layers["Layers"][-1]
        assert set(first) == {"Name", "LayerType", "Inputs", "Outputs", "TacticName"}
        (image,), (probabilities,) = first["Inputs"], last["Outputs"]
        assert image["Name"] == "image" and image["Dimensions"] == [-1, 1, 8, 8]
        assert set(image) == {"Name", "Dimensions", *keys}
        assert probabilities["Name"] == "probabilities"
        if major == "10":
            assert layers["Bindings"] == ["image", "probabilities"]
            assert image["Format/Datatype"] == "Row major linear FP32 format"


def test_dumps_go_to_the_log():
    flags = ("--dumpProfile", "--dumpOutput", "--dumpLayerInfo", "--dumpOptimizationProfile", "--verbose")
    said = trtexec(f"--onnx={DIGITS}", "--optShapes=image:3x1x8x8", "--streams=2", *flags, *QUICK)
    assert re.search(r"\[I\] +\S+ +\S+ +\S+ +100.0   Total", said)
    assert "probabilities: (3x10)" in said and "[V] Build phase: tune" in said
    assert re.search(r'"LayerType": "\w+"', said) and "image: min=3x1x8x8 opt=3x1x8x8 max=3x1x8x8" in said


@pytest.mark.parametrize("option", ["--buildOnly", "--skipInference"])
def test_build_only(option):
    said = trtexec(f"--onnx={DIGITS}", option, *QUICK)
    assert "Skipped inference" in said and "Throughput" not in said
    assert "Automatically overriding shape to: 1x1x8x8" in said


def test_refusals(tmp_path):
    plan = tmp_path / "nvidia.plan"
    plan.write_bytes(b"ftrt" + bytes(100))
    refused = {
        (f"--loadEngine={plan}",): "plan of NVIDIA's TensorRT",
        (f"--loadEngine={tmp_path / 'none'}",): "none",
        (): "Model missing",
        (f"--onnx={DIGITS}", "--saveEngin=x"): "Unknown option: --saveEngin=x (did you mean --saveEngine?)",
        (f"--onnx={DIGITS}", "--fp61"): "did you mean --fp16?",
        (f"--onnx={DIGITS}", "--duration=soon"): "--duration=soon: expected a number",
        (f"--onnx={DIGITS}", "--shapes=picture:1x1x8x8"): '"picture"',
        (f"--onnx={DIGITS}", "--shapes=image:1xbig"): "image:1xbig",
        (f"--onnx={DIGITS}", f"--loadInputs=image:{plan}", *QUICK): "104 bytes, expected 256",
        (f"--onnx={DIGITS}", "--exportTimes=/nowhere/times.json", *QUICK): "/nowhere/times.json",
    }
    for arguments, words in refused.items():
        said = trtexec(*arguments, passes=False)
        assert "[E] " in said and words in said, said


# The flags that the help texts of trtexec 8.6, 10.16 and 11.1 list.
FLAGS = {
    "8 10 11": """
        onnx minShapes optShapes maxShapes inputIOFormats outputIOFormats memPoolSize
        profilingVerbosity avgTiming refit vc versionCompatible useRuntime leanDLLPath
        excludeLeanRuntime sparsity noTF32 directIO layerDeviceTypes safe buildDLAStandalone
        allowGPUFallback consistency skipInference saveEngine loadEngine tacticSources
        noBuilderCache timingCacheFile preview builderOptimizationLevel
        hardwareCompatibilityLevel tempdir tempfileControls maxAuxStreams shapes loadInputs
        iterations warmUp duration sleepTime idleTime infStreams streams exposeDMA
        noDataTransfers useManagedMemory useSpinWait threads useCudaGraph timeDeserialize
        timeRefit separateProfileRun persistentCacheRatio verbose avgRuns percentile dumpRefit
        dumpOutput dumpProfile dumpLayerInfo exportTimes exportOutput exportProfile
        exportLayerInfo device useDLACore staticPlugins plugins dynamicPlugins
        setPluginsToSerialize ignoreParsedPluginLibs
    """,
    "8": """
        model deploy output uff uffInput uffNHWC maxBatch batch explicitBatch explicitPrecision
        workspace minTiming heuristic nvtxMode buildOnly
    """,
    "8 10": """
        fp16 int8 fp8 best calib minShapesCalib optShapesCalib maxShapesCalib
        precisionConstraints layerPrecisions layerOutputTypes restricted
    """,
    "10": "bf16 int4 calibProfile weightless",
    "10 11": """
        profile stronglyTyped stripWeights stripAllWeights refitFromOnnx allowWeightStreaming
        markDebug markUnfusedTensorsAsDebugTensors maxTactics tilingOptimizationLevel
        l2LimitForTiling noCompilationCache errorOnTimingCacheMiss decomposableAttentions
        runtimePlatform asyncFileReader getPlanVersionOnly pluginInstanceNorm pi
        uint8AsymmetricQuantizationDLA dumpKernelText remoteAutoTuningConfig cpuOnly
        monitorMemory useProfile allocationStrategy saveDebugTensors saveAllDebugTensors
        weightStreamingBudget dumpRawBindingsToFile dumpOptimizationProfile safetyPlugins
    """,
    "11": """
        enablePluginOverride reportCapabilityDLA adjustForDLA distributiveIndependence
        includeDataTransfers noSpinWait noCudaGraph loadRefOutputs accuracyAlgorithm atol rtol
        accuracyThreshold refPair tuneBuildRoutes tuneBuildRouteFile tuningSearch
        tuningCacheFile tuningTimeOut saveAllEngines dryRun continue helpBuildRoute
        setBuildRoute tuningResultFile
    """,
}


def test_every_documented_flag_is_known():
    known = {}  # as the help says: the flag, whether it takes a value, and why it has no effect
    help_ = subprocess.run([modules.program("trtexec"), "--help"], capture_output=True, text=True).stdout
    for names, value, effect in re.findall(r"^  (--[\w,-]+)(=\w+)? +(.*)", help_, re.M):
        for name in names.split(","):
            known[name] = names.split(",")[0], bool(value), effect
    documented = {f"--{name}" for names in FLAGS.values() for name in names.split()}
    assert documented == set(known)

    # all those without effect on one command line: each is named
    idle = {n: v for n, v in known.items() if v[2].startswith("no effect")}
    idle.pop("--setPluginsToSerialize")  # its libraries are loaded all the same
    words = [f"{name}=1" if takes_value else name for name, (_, takes_value, _) in idle.items()]
    said = trtexec(f"--onnx={DIGITS}", "--buildOnly", "--builderOptimizationLevel=0", *words)
    for first, _, effect in idle.values():
        assert f"[W] {first} has no effect" in said or "without a GPU" in effect, first
