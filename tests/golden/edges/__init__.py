"""Values of each function of docs/numpy.md at the edges, in the files edges_*.txt."""

from .axes import axes, reductions
from .elementwise import binary, unary
from .indexing import indexing
from .making import making
from .products import products
from .shapes import shapes


def edges():
    unary()
    binary()
    reductions()
    axes()
    shapes()
    indexing()
    making()
    products()
