"""Layers of PyTorch with their exported weights: linear, recurrent, attention, transformer."""

import numpy as np
import torch
from torch import nn

from fixture import Fixture

ABOUT = """
PyTorch's layers with their state_dict: `p.NAME` are the parameters, f32, with what they make of x in f64.
"""


def layer(out, name, module, kind):
    """Starts a case with the parameters of a layer, drawn anew, and gives the layer in f64."""
    generator = torch.Generator().manual_seed(sum(map(ord, name)))
    module = module.double().eval()
    out.case(name)
    out.text("layer", kind)
    with torch.no_grad():
        for key, value in module.state_dict().items():
            # Multiples of 1/32, which are short to write.
            drawn = torch.randint(-24, 25, value.shape, generator=generator).double() / 32
            value.copy_(1 + drawn / 4 if "norm" in key and "weight" in key else drawn)
            out.array(f"p.{key}", value.numpy().astype(np.float32))
    return module, lambda *shape: torch.randint(-32, 33, shape, generator=generator).double() / 16


def write(out, **arrays):
    for key, value in arrays.items():
        value = value.detach().numpy()
        if value.dtype == np.float64 and np.array_equal(value, value.astype(np.float32)):
            value = value.astype(np.float32)
        out.array(key, value)


def recurrent():
    out = Fixture("recurrent.txt", ABOUT)
    linear, draw = layer(out, "linear", nn.Linear(3, 2), "linear")
    x = draw(4, 3)
    write(out, x=x, y=linear(x))
    convolution, draw = layer(out, "convolution", nn.Conv2d(2, 3, 2), "conv2d")
    x = draw(2, 2, 3, 4)
    write(out, x=x, y=convolution(x))
    makers = {
        "rnn": nn.RNN,
        "rnn relu": lambda *a, **k: nn.RNN(*a, nonlinearity="relu", **k),
        "lstm": nn.LSTM,
        "gru": nn.GRU,
    }
    for kind, make in makers.items():
        for name, options in {
            "plain": {},
            "deep both": {"num_layers": 2, "bidirectional": True},
            "no bias": {"bias": False},
        }.items():
            module, draw = layer(out, f"{kind} {name}", make(3, 2, batch_first=True, **options), kind)
            for key, value in options.items():
                out.text(key, str(int(value)))
            x = draw(2, 4, 3)
            states = options.get("num_layers", 1) * (2 if "bidirectional" in options else 1)
            h, c = draw(states, 2, 2), draw(states, 2, 2)
            if kind == "lstm":
                y, (hn, cn) = module(x, (h, c))
                write(out, x=x, h=h, c=c, zero=module(x)[0], y=y, hn=hn, cn=cn)
            else:
                y, hn = module(x, h)
                write(out, x=x, h=h, zero=module(x)[0], y=y, hn=hn)
    for kind, make in {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}.items():
        module, draw = layer(out, f"{kind} cell", make(3, 2), f"{kind} cell")
        x, h, c = draw(2, 3), draw(2, 2), draw(2, 2)
        if kind == "lstm":
            hn, cn = module(x, (h, c))
            write(out, x=x, h=h, c=c, hn=hn, cn=cn)
        else:
            write(out, x=x, h=h, hn=module(x, h))
    out.write()


def attention():
    out = Fixture("attention.txt", ABOUT)
    for name in ("self", "cross", "padding", "causal", "boolean", "additive", "all", "no bias"):
        bias = name != "no bias"
        module, draw = layer(out, f"attention {name}", nn.MultiheadAttention(4, 2, bias=bias, batch_first=True), "attention")
        x = draw(2, 3, 4)
        memory = draw(2, 5, 4) if name == "cross" else x
        options, arrays = {}, {}
        if name in ("padding", "all"):
            arrays["padding"] = torch.tensor([[False, False, True], [False, True, True]])
            options["key_padding_mask"] = arrays["padding"]
        if name in ("causal", "all"):
            options["attn_mask"] = torch.triu(torch.ones(3, 3, dtype=torch.bool), 1)
            out.text("causal", "1")
        if name == "boolean":
            arrays["mask"] = torch.tensor([[False, True, False], [True, False, False], [False, False, True]])
            options["attn_mask"] = arrays["mask"]
        if name == "additive":
            mask = draw(3, 3)
            mask[1, 2] = -torch.inf
            arrays["mask"] = options["attn_mask"] = mask
        y, weights = module(x, memory, memory, average_attn_weights=False, **options)
        write(out, x=x, memory=memory, **arrays, y=y, weights=weights)
    for name, options in {
        "post": {},
        "pre": {"norm_first": True},
        "pre gelu": {"norm_first": True, "activation": "gelu"},
        "post masked": {},
    }.items():
        module = nn.TransformerEncoderLayer(4, 2, 6, batch_first=True, **options)
        # The layer's own fast path fails in double precision with masks.
        torch.backends.mha.set_fastpath_enabled(False)
        module, draw = layer(out, f"transformer {name}", module, "transformer")
        for key in options:
            out.text(key, str(options[key]))
        x = draw(2, 3, 4)
        if name == "post masked":
            padding = torch.tensor([[False, False, True], [False, False, False]])
            causal = torch.triu(torch.ones(3, 3, dtype=torch.bool), 1)
            write(out, x=x, padding=padding, y=module(x, src_mask=causal, src_key_padding_mask=padding))
        else:
            write(out, x=x, y=module(x))
    out.write()
