"""Layers of torch.nn: what they give in training and in evaluation, their gradients and their states."""

import numpy as np
import torch
from torch import nn

from fixture import Fixture, quarters


def layers():
    out = Fixture(
        "layers.txt",
        """
Layers of torch.nn in f64: `layer` with its arguments, of x. `state.NAME` is what it holds by the names of its
state_dict, `train` and, where it differs, `eval` what it gives, `after.NAME` its buffers after training, `grad.NAME`
and `grad.x` the gradients of the sum of `train` times `seed`. What is computed has 9 digits.""",
    )

    def case(name, layer, x, arguments=""):
        out.case(f"{name} {arguments} {tuple(x.shape)}".replace("  ", " ").replace(", ", ","))
        out.text("layer", name)
        if arguments:
            out.text("arguments", arguments)
        layer = layer.double()
        for i, (key, value) in enumerate(layer.state_dict().items()):
            if key.endswith("running_var"):
                value.copy_(torch.tensor(quarters(i + 7, *value.shape).astype(np.float64) ** 2 + 0.5))
            elif value.is_floating_point():
                value.copy_(torch.tensor(quarters(i + 3, *value.shape).astype(np.float64)))
            else:
                value.fill_(3)
            out.array(f"state.{key}", f32(value))
        out.array("x", x)
        floats = np.issubdtype(x.dtype, np.floating)
        x = torch.tensor(x.astype(np.float64 if floats else np.int64), requires_grad=bool(floats))
        layer.eval()
        evaluated = layer(x).detach().numpy()
        layer.train()
        y = layer(x)
        seed = quarters(11, *y.shape)
        (y * torch.tensor(seed.astype(np.float64))).sum().backward()
        out.array("seed", seed)
        trained = y.detach().numpy()
        out.array("train", short(trained))
        if not np.array_equal(trained, evaluated):
            out.array("eval", short(evaluated))
        if floats:
            out.array("grad.x", short(x.grad.numpy()))
        for key, value in layer.named_parameters():
            out.array(f"grad.{key}", short(value.grad.numpy()))
        for key, value in layer.named_buffers():
            out.array(f"after.{key}", short(value.numpy()))

    def f32(value):
        value = value.numpy()
        return value.astype(np.float32 if value.dtype == np.float64 else np.int32)

    def short(value):
        """Nine digits: tests judge results in f32."""
        return np.vectorize(lambda v: float(f"{v:.9g}") if isinstance(v, float) else v)(value)

    def between(seed, *shape):
        """Odd multiples of 1/16: none of them where a function has a kink, and few alike."""
        return quarters(seed, *shape) + np.float32(0.0625)

    def distinct(seed, *shape):
        """Whole numbers, each once: equals share a gradient here, and the first takes it in PyTorch."""
        order = np.random.default_rng(seed).permutation(int(np.prod(shape)))
        return order.reshape(shape).astype(np.float32)

    # Trained layers.
    case("Linear", nn.Linear(4, 3), between(1, 2, 4))
    case("Conv1d", nn.Conv1d(2, 3, 3, padding=1, stride=2), between(2, 2, 2, 7), "stride=2 padding=1")
    case("Conv2d", nn.Conv2d(2, 3, (3, 2)), between(3, 2, 2, 4, 4))
    case("Conv2d", nn.Conv2d(4, 4, 3, padding="same", groups=2), between(4, 1, 4, 4, 3), "groups=2 padding=same")
    case("Conv2d", nn.Conv2d(3, 3, 2, dilation=2, groups=3, bias=False), between(5, 1, 3, 4, 4), "groups=3 dilation=2 bias=0")
    for mode, options in {"reflect": {"padding": 2}, "replicate": {"padding": 1, "stride": 2}, "circular": {"padding": 1}}.items():
        words = " ".join(f"{key}={value}" for key, value in options.items()) + f" mode={mode}"
        case("Conv1d", nn.Conv1d(2, 2, 3, padding_mode=mode, **options), between(33, 2, 2, 5), words)
    case("Conv2d", nn.Conv2d(1, 2, (2, 3), padding="same", padding_mode="replicate"), between(34, 1, 1, 3, 4), "padding=same mode=replicate")
    case("ConvTranspose1d", nn.ConvTranspose1d(2, 3, 3, stride=2), between(6, 2, 2, 3), "stride=2")
    case(
        "ConvTranspose2d",
        nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1, groups=2),
        between(7, 1, 4, 3, 2),
        "groups=2 stride=2 padding=1 output_padding=1",
    )
    numbers = np.array([[0, 3, 3], [1, 3, 4]], dtype=np.int32)
    case("Embedding", nn.Embedding(5, 3), numbers)
    case("Embedding", nn.Embedding(5, 3, padding_idx=3), numbers, "padding=3")

    # Normalisation.
    for arguments, options in {
        "": {},
        "affine=0": {"affine": False},
        "tracking=0": {"track_running_stats": False},
        "eps=0.25 momentum=0.5": {"eps": 0.25, "momentum": 0.5},
        "cumulative=1": {"momentum": None},
    }.items():
        case("BatchNorm1d", nn.BatchNorm1d(3, **options), between(8, 5, 3), arguments)
    case("BatchNorm1d", nn.BatchNorm1d(3), between(9, 2, 3, 4))
    case("BatchNorm2d", nn.BatchNorm2d(2), between(10, 3, 2, 2, 3))
    case("LayerNorm", nn.LayerNorm(5), between(11, 3, 5))
    case("LayerNorm", nn.LayerNorm((3, 4), eps=0.25, bias=False), between(12, 2, 3, 4), "eps=0.25 bias=0")
    case("LayerNorm", nn.LayerNorm(5, elementwise_affine=False), between(13, 2, 5), "affine=0")
    eps = float(np.finfo(np.float32).eps)
    case("RmsNorm", nn.RMSNorm(5, eps=eps), between(14, 3, 5))
    case("RmsNorm", nn.RMSNorm((2, 3), eps=0.25, elementwise_affine=False), between(15, 2, 2, 3), "eps=0.25 affine=0")
    case("GroupNorm", nn.GroupNorm(2, 4), between(16, 2, 4, 3), "groups=2")
    case("GroupNorm", nn.GroupNorm(1, 3, eps=0.25), between(17, 2, 3, 2, 2), "groups=1 eps=0.25")
    case("GroupNorm", nn.GroupNorm(2, 4, affine=False), between(18, 5, 4), "groups=2 affine=0")
    case("InstanceNorm", nn.InstanceNorm2d(2), between(19, 2, 2, 3, 2))

    # Pooling.
    case("MaxPool1d", nn.MaxPool1d(2), distinct(20, 1, 2, 5))
    case("MaxPool2d", nn.MaxPool2d(3, stride=2, padding=1), distinct(21, 1, 2, 5, 4), "size=3 stride=2 padding=1")
    case("AvgPool1d", nn.AvgPool1d(2), between(22, 1, 2, 5))
    case("AvgPool2d", nn.AvgPool2d(3, stride=2, padding=1), between(23, 1, 2, 5, 4), "size=3 stride=2 padding=1")
    pools = [(1, 4), (2, 4), (3, 7), (5, 3)]
    for size, n in pools:
        case("AdaptiveAvgPool1d", nn.AdaptiveAvgPool1d(size), between(24, 1, 2, n), f"size={size}")
    for size, shape in [(1, (4, 5)), ((2, 3), (4, 6)), ((3, 2), (5, 7))]:
        pair = size if isinstance(size, tuple) else (size, size)
        words = f"size=[{pair[0]},{pair[1]}]"
        case("AdaptiveAvgPool2d", nn.AdaptiveAvgPool2d(size), between(25, 1, 2, *shape), words)
    case("GlobalAvgPool1d", nn.Sequential(nn.AdaptiveAvgPool1d(1), nn.Flatten()), between(26, 2, 3, 4))
    case("GlobalAvgPool2d", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), between(27, 2, 3, 2, 4))
    case("Flatten", nn.Flatten(), between(28, 2, 2, 3))

    # Functions.
    x = between(29, 4, 6)
    for name, layer, arguments in [
        ("Relu", nn.ReLU(), ""),
        ("Relu6", nn.ReLU6(), ""),
        ("LeakyRelu", nn.LeakyReLU(0.125), "a=0.125"),
        ("Elu", nn.ELU(0.75), "a=0.75"),
        ("Selu", nn.SELU(), ""),
        ("Celu", nn.CELU(1.5), "a=1.5"),
        ("Gelu", nn.GELU(), ""),
        ("GeluTanh", nn.GELU("tanh"), ""),
        ("Silu", nn.SiLU(), ""),
        ("Mish", nn.Mish(), ""),
        ("Softplus", nn.Softplus(), ""),
        ("Softsign", nn.Softsign(), ""),
        ("Sigmoid", nn.Sigmoid(), ""),
        ("LogSigmoid", nn.LogSigmoid(), ""),
        ("Hardtanh", nn.Hardtanh(-0.5, 2), "a=-0.5 b=2"),
        ("Hardsigmoid", nn.Hardsigmoid(), ""),
        ("Hardswish", nn.Hardswish(), ""),
        ("Hardshrink", nn.Hardshrink(1.5), "a=1.5"),
        ("Softshrink", nn.Softshrink(1.5), "a=1.5"),
        ("Threshold", nn.Threshold(0.5, -2), "a=0.5 b=-2"),
        ("Tanh", nn.Tanh(), ""),
        ("Tanhshrink", nn.Tanhshrink(), ""),
        ("Softmax", nn.Softmax(1), "axis=1"),
        ("Softmin", nn.Softmin(0), "axis=0"),
        ("LogSoftmax", nn.LogSoftmax(1), "axis=1"),
        ("Glu", nn.GLU(-1), "axis=-1"),
        ("Prelu", nn.PReLU(), "slopes=1"),
        ("Prelu", nn.PReLU(6), "slopes=6"),
    ]:
        case(name, layer, x, arguments)
    out.write()


def gains():
    out = Fixture("gains.txt", "What torch.nn.init.calculate_gain says of functions.")
    for name, theirs, parameter in [
        ("Relu", "relu", None),
        ("LeakyRelu", "leaky_relu", 0.125),
        ("Tanh", "tanh", None),
        ("Selu", "selu", None),
        ("Sigmoid", "sigmoid", None),
    ]:
        out.case(name)
        out.text("gain", repr(float(nn.init.calculate_gain(theirs, parameter))))
    out.write()
