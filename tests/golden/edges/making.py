"""Tensors made of numbers."""

import numpy as np

from .case import Edges, f32, i32


def numbers(*range_):
    """As many as NumPy gives: whole ones as integers, others as floats computed in f64."""
    kind = i32 if all(isinstance(v, int) for v in range_) else f32
    return kind(np.arange(*range_, dtype=np.float64))


MADE = {
    "arange(0,5,1)": lambda: numbers(0, 5, 1),
    "arange(-3,4,2)": lambda: numbers(-3, 4, 2),
    "arange(5,-1,-2)": lambda: numbers(5, -1, -2),
    "arange(2,2,1)": lambda: numbers(2, 2, 1),
    "arange(5,2,1)": lambda: numbers(5, 2, 1),
    "arange(0,2,0.25)": lambda: numbers(0, 2, 0.25),
    "arange(1,0,-0.3)": lambda: f32(1 - np.arange(4) * 0.3),
    "linspace(0,1,5)": lambda: f32(np.linspace(0, 1, 5)),
    "linspace(2,-1,4)": lambda: f32(np.linspace(2, -1, 4)),
    "linspace(3,7,1)": lambda: f32(np.linspace(3, 7, 1)),
    "linspace(3,7,0)": lambda: f32(np.linspace(3, 7, 0)),
    "eye(3,3)": lambda: np.eye(3, dtype=np.float32),
    "eye(2,4)": lambda: np.eye(2, 4, dtype=np.float32),
    "eye(0,3)": lambda: np.eye(0, 3, dtype=np.float32),
    "tri(3,4,0)": lambda: np.tri(3, 4, 0, np.float32),
    "tri(3,3,-1)": lambda: np.tri(3, 3, -1, np.float32),
    "tri(2,3,2)": lambda: np.tri(2, 3, 2, np.float32),
    "tri(0,2,0)": lambda: np.tri(0, 2, 0, np.float32),
    "zeros(2,3)": lambda: np.zeros((2, 3), np.float32),
    "zeros(0,3)": lambda: np.zeros((0, 3), np.float32),
    "ones(4)": lambda: np.ones(4, np.float32),
    "broadcast_shapes(4,1,3)": lambda: i32(np.broadcast_shapes((2, 3), (4, 1, 3))),
    "broadcast_shapes(0,1,1)": lambda: i32(np.broadcast_shapes((2, 3), (0, 1, 1))),
    "broadcast_shapes(2,2)": lambda: i32(np.broadcast_shapes((2, 3), (2, 2))),
    "full(1,2,-1.5)": lambda: np.full((1, 2), -1.5, np.float32),
}


def making():
    out = Edges("edges_making.txt", "Tensors made of numbers (see the folder edges).")
    # The operand says where, and has the shape that others broadcast with.
    out.case("numbers", np.zeros((2, 3), np.float32))
    for key, make in MADE.items():
        out.call(key, make)
    out.fixture.text("arange(0,5,0)", "error")
    out.write()
