//! The calculus: for each operation, the gradients of its operands.

mod places;
mod scan;

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, LN_2, LN_10, PI};

use super::{Needs, Parent, Rule, Saved, Step};
use crate::error::Result;
use crate::op::{PointOp, ReduceOp, ScatterOp, pointwise_table};
use crate::shape::Shape;
use crate::tensor::Tensor;

/// The gradient of each operand; it may still have to be summed to the operand's shape.
type Parts = Vec<Option<Tensor>>;

impl Saved {
    fn input(&self, at: usize) -> Tensor {
        match &self.inputs[at] {
            Some(tensor) => tensor.clone(),
            None => unreachable!("the rule's row names the operands it needs"),
        }
    }

    fn a(&self) -> Tensor {
        self.input(0)
    }

    fn b(&self) -> Tensor {
        self.input(1)
    }

    fn y(&self) -> Tensor {
        match &self.output {
            Some(tensor) => tensor.clone(),
            None => unreachable!("the rule's row names the result if it needs it"),
        }
    }
}

impl Step<'_> {
    /// An operand.
    pub(crate) fn input(&self, at: usize) -> Tensor {
        self.saved.input(at)
    }

    /// The result, of a rule that keeps it.
    pub(crate) fn result(&self) -> Tensor {
        self.saved.y()
    }

    /// Whether the gradient of an operand is asked for.
    pub(crate) fn wants(&self, operand: usize) -> bool {
        self.operands[operand].node.is_some()
    }
}

impl Rule {
    pub(super) fn needs(&self) -> Needs {
        match self {
            Self::Point(op) => point_needs(*op),
            Self::Reduce {
                op: ReduceOp::Prod, ..
            } => Needs {
                inputs: [true, false, false],
                output: false,
            },
            Self::Reduce {
                op: ReduceOp::Max | ReduceOp::Min | ReduceOp::Fmax | ReduceOp::Fmin,
                ..
            } => Needs {
                inputs: [true, false, false],
                output: true,
            },
            Self::Scan { op, .. } => Needs {
                inputs: [*op != ReduceOp::Sum, false, false],
                output: false,
            },
            Self::Limit { .. } | Self::Matmul => Needs {
                inputs: [true, true, false],
                output: false,
            },
            Self::Gather { .. }
            | Self::Segments { .. }
            | Self::Scatter(ScatterOp::Set)
            | Self::Scatter(ScatterOp::Combine(ReduceOp::Sum)) => Needs {
                inputs: [false, true, false],
                output: false,
            },
            Self::Scatter(ScatterOp::Combine(_)) => Needs {
                inputs: [true, true, true],
                output: true,
            },
            Self::Own(own) => Needs {
                inputs: [true; 3],
                output: own.output,
            },
            Self::Leaf(_)
            | Self::Cast
            | Self::Identity
            | Self::Reshape
            | Self::Permute(_)
            | Self::Expand
            | Self::Flip(_)
            | Self::Region(_)
            | Self::Windows(_)
            | Self::Fold(_)
            | Self::Reduce {
                op: ReduceOp::Sum | ReduceOp::ArgMax | ReduceOp::ArgMin,
                ..
            }
            | Self::Assemble { .. }
            | Self::Overlay(_) => Needs::default(),
        }
    }
}

/// The gradients of the operands of a step from that of its result.
#[track_caller]
pub(super) fn gradients(rule: &Rule, g: &Tensor, s: &Saved, operands: &[Parent]) -> Result<Parts> {
    let shape = |operand: usize| &operands[operand].shape;
    Ok(match rule {
        Rule::Point(op) => point_gradients(*op, g, s),
        Rule::Limit { upper } => {
            let (x, bound) = (s.a(), s.b());
            let inside = if *upper { x.lt(&bound) } else { x.gt(&bound) }?;
            vec![Some(where_true(&inside, g)), Some(where_false(&inside, g))]
        }
        // Summed to the operand's shape and cast to its dtype by the walk.
        // The gradient of a part is put into the whole by the walk too.
        Rule::Leaf(_) | Rule::Cast | Rule::Identity | Rule::Expand | Rule::Region(_) => {
            vec![Some(g.clone())]
        }
        Rule::Reshape => vec![Some(g.reshaped(shape(0)))],
        Rule::Permute(order) => vec![Some(g.permuted(&inverse(order)))],
        Rule::Flip(axis) => vec![Some(g.flipped(*axis))],
        Rule::Windows(windows) => vec![Some(g.folded(*windows, shape(0))?)],
        Rule::Fold(windows) => vec![Some(g.windowed(*windows))],
        Rule::Reduce { op, kept } => {
            vec![reduce_gradient(*op, &g.reshaped(kept), s, shape(0))?]
        }
        Rule::Scan { op, axis } => vec![Some(scan::gradient(*op, *axis, g, s)?)],
        Rule::Segments { axis } => vec![Some(scan::segments(g, *axis, &s.b())?), None],
        Rule::Matmul => matmul_gradients(g, s, operands)?,
        Rule::Gather { axis } => vec![Some(places::gather(g, &s.b(), *axis, shape(0))?), None],
        Rule::Own(own) => (own.rule)(&Step {
            gradient: g,
            saved: s,
            operands,
        })?,
        Rule::Assemble { regions } => regions
            .iter()
            .map(|region| Some(g.region(region)))
            .collect(),
        Rule::Scatter(op) => places::scatter(*op, g, s, shape(2))?,
        Rule::Overlay(region) => {
            let nothing = Tensor::constant(0.into(), g.dtype(), region.shape().clone(), g.device());
            let under = g.overlaid(&nothing, region.clone());
            vec![Some(under), Some(g.region(region))]
        }
    })
}

/// The gradient arrives with size 1 in the place of each reduced axis.
#[track_caller]
fn reduce_gradient(op: ReduceOp, g: &Tensor, s: &Saved, shape: &Shape) -> Result<Option<Tensor>> {
    let axes: Vec<isize> = (0..shape.ndim())
        .filter(|&i| shape.dims()[i] != g.shape()[i])
        .map(|i| i as isize)
        .collect();
    Ok(match op {
        ReduceOp::Sum => Some(g.expanded(shape)),
        ReduceOp::Prod => Some(g.try_mul(others(&s.a(), &axes)?)?),
        ReduceOp::Max | ReduceOp::Min | ReduceOp::Fmax | ReduceOp::Fmin => {
            // Shared evenly among equals.
            let x = s.a();
            let y = s.y().detach().reshaped(g.shape_ref());
            let hit = x.detach().eq(y)?.to_dtype(g.dtype());
            let count = hit.sum_keepdims(&axes[..])?;
            let share = hit.try_div(match op {
                // Where all are NaN none is taken, and none gets a gradient.
                ReduceOp::Fmax | ReduceOp::Fmin => count.maximum(1)?,
                _ => count,
            })?;
            Some(g.try_mul(&share)?)
        }
        ReduceOp::ArgMax | ReduceOp::ArgMin => None,
    })
}

/// For each element the product of all others along the axes: what stands before it times what stands
/// behind it. Exact with zeros, and so are its own gradients.
#[track_caller]
fn others(x: &Tensor, axes: &[isize]) -> Result<Tensor> {
    if x.size() == 0 {
        return Ok(x.clone());
    }
    // The axes as one, last.
    let rank = x.ndim();
    let gone = |i: usize| axes.contains(&(i as isize));
    let order: Vec<usize> = (0..rank)
        .filter(|&i| !gone(i))
        .chain((0..rank).filter(|&i| gone(i)))
        .collect();
    let ordered = x.permuted(&order);
    let n: usize = axes.iter().map(|&i| x.shape()[i as usize]).product();
    let rows = Shape::of(&[x.size() / n, n]);
    let flat = ordered.reshaped(&rows);
    let scan = |x: &Tensor| scan::moved(x, 1, 1, 1)?.scan(ReduceOp::Prod, 1);
    let (before, behind) = (scan(&flat)?, scan(&flat.flipped(1))?.flipped(1));
    let product = before.try_mul(behind)?.reshaped(ordered.shape_ref());
    Ok(product.permuted(&inverse(&order)))
}

/// The order that undoes a permutation.
fn inverse(order: &[usize]) -> Vec<usize> {
    let mut inverse = vec![0; order.len()];
    order
        .iter()
        .enumerate()
        .for_each(|(to, &from)| inverse[from] = to);
    inverse
}

/// All rows of a batch of matrices below one another.
#[track_caller]
fn rows(x: &Tensor) -> Tensor {
    let (columns, rows) = x.shape().split_last().expect("a matrix at least");
    x.reshaped(&Shape::of(&[rows.iter().product(), *columns]))
}

#[track_caller]
fn matmul_gradients(g: &Tensor, s: &Saved, operands: &[Parent]) -> Result<Parts> {
    // With operands of at least two dimensions; the walk sums broadcast batches.
    let (a, b) = (s.a(), s.b());
    // A gradient lies in memory as its operand does, so that an optimiser's step walks both in order:
    // that of a transposed weight is the transposed product.
    let product = |left: &Tensor, right: &Tensor, operand: &Tensor| match operand.is_transposed() {
        true => Ok(right.transposed().matmul(&left.transposed())?.transposed()),
        false => left.matmul(right),
    };
    // The batch that enters a network wants no gradient.
    let wanted = |operand: usize| operands[operand].node.is_some();
    let left = wanted(0).then(|| product(g, &b.transposed(), &a));
    let right = wanted(1).then(|| match b.ndim() {
        // One matrix for a whole batch, as a layer's weight is: the sum over the batch of the products is one
        // product of all rows.
        2 => product(&rows(&a).transposed(), &rows(g), &b),
        _ => product(&a.transposed(), g, &b),
    });
    Ok(vec![left.transpose()?, right.transpose()?])
}

macro_rules! define_rules {
    (
        float1 { $($(#[$f1d:meta])* $F1:ident $f1:ident $f1u:literal, $f1r:expr, $f1w:literal, [$($f1s:ident)*] $f1g:expr;)* }
        float2 { $($(#[$f2d:meta])* $F2:ident $f2:ident $f2u:literal, $f2r:expr, $f2w:literal, [$($f2s:ident)*] $f2g:expr;)* }
        number1 { $($(#[$n1d:meta])* $N1:ident $n1:ident $n1u:literal,
            f $n1f:expr, $n1fw:literal; i $n1i:expr, $n1iw:literal; u $n1uu:expr, $n1uw:literal;
            [$($n1s:ident)*] $n1g:expr;)* }
        number2 { $($(#[$n2d:meta])* $N2:ident $n2:ident $n2u:literal,
            f $n2f:expr, $n2fw:literal; i $n2i:expr, $n2iw:literal; u $n2uu:expr, $n2uw:literal;
            [$($n2s:ident)*] $n2g:expr;)* }
        $($bools:tt)*
    ) => {
        fn point_needs(op: PointOp) -> Needs {
            match op {
                $(PointOp::$F1 => needs(&[$(stringify!($f1s)),*]),)*
                $(PointOp::$F2 => needs(&[$(stringify!($f2s)),*]),)*
                $(PointOp::$N1 => needs(&[$(stringify!($n1s)),*]),)*
                $(PointOp::$N2 => needs(&[$(stringify!($n2s)),*]),)*
                PointOp::Select => needs(&["a"]),
                _ => Needs::default(),
            }
        }

        #[track_caller]
        fn point_gradients(op: PointOp, g: &Tensor, s: &Saved) -> Parts {
            match op {
                $(PointOp::$F1 => one(g, s, $f1g),)*
                $(PointOp::$F2 => two(g, s, $f2g),)*
                $(PointOp::$N1 => one(g, s, $n1g),)*
                $(PointOp::$N2 => two(g, s, $n2g),)*
                PointOp::Select => {
                    let c = s.a();
                    vec![None, Some(where_true(&c, g)), Some(where_false(&c, g))]
                }
                // Tests, comparisons and logic give bools, which no gradient flows through.
                _ => vec![None, None],
            }
        }
    };
}
pointwise_table!(define_rules);

fn needs(names: &[&str]) -> Needs {
    let has = |name| names.contains(&name);
    Needs {
        inputs: [has("a"), has("b"), has("c")],
        output: has("y"),
    }
}

#[track_caller]
fn one(g: &Tensor, s: &Saved, rule: impl Fn(&Tensor, &Saved) -> Tensor) -> Parts {
    vec![Some(rule(g, s))]
}

#[track_caller]
fn two(g: &Tensor, s: &Saved, rule: impl Fn(&Tensor, &Saved) -> (Tensor, Tensor)) -> Parts {
    let (a, b) = rule(g, s);
    vec![Some(a), Some(b)]
}

/// Φ(a) + a·φ(a).
fn gelu_slope(a: &Tensor) -> Tensor {
    let density = (a.square() * -0.5).exp() * (FRAC_2_SQRT_PI * FRAC_1_SQRT_2 / 2.0);
    ((a * FRAC_1_SQRT_2).erf() + 1.0) * 0.5 + a * density
}

/// With u = 2·√(2/π)·(a + 0.044715·a³), for which gelu_tanh is a·σ(u): σ(u)·(1 + a·u'·σ(−u)), which
/// unlike 1 − tanh² loses no digits where σ is small.
fn gelu_tanh_slope(a: &Tensor) -> Tensor {
    const CUBIC: f64 = 0.044715;
    let scale = 2.0 * (2.0 / PI).sqrt();
    // Beyond, the slope is 0 or 1 to the last bit, and in f16 the square would overflow.
    let a = &must(a.clamp(-12.0, 12.0));
    let u = a * (a.square() * CUBIC + 1.0) * scale;
    let rise = (a.square() * (3.0 * CUBIC) + 1.0) * scale;
    u.sigmoid() * (a * rise * (-u).sigmoid() + 1.0)
}

/// b·aᵇ⁻¹ and y·ln a, each 0 where its factor is: 0⁰ has slope 0 in a, 0ᵇ has slope 0 in b.
fn pow_gradient(g: &Tensor, a: &Tensor, b: &Tensor, y: &Tensor) -> (Tensor, Tensor) {
    let none = must(b.eq(0.0));
    let by_base = g * b * must(a.pow(b - 1.0));
    let flat = must(must(a.eq(0.0)).logical_and(must(b.ge(0.0))));
    // The logarithm of a safe base where the slope is 0 anyway.
    let by_exponent = g * y * must(flat.select(1.0, a)).ln();
    (
        where_false(&none, &by_base),
        where_false(&flat, &by_exponent),
    )
}

/// To the operand that was taken, half each where the two are equal.
fn extremum_gradient(g: &Tensor, a: &Tensor, b: &Tensor, larger: bool) -> (Tensor, Tensor) {
    let first = must(if larger { a.gt(b) } else { a.lt(b) });
    let equal = must(a.eq(b));
    let half = g * 0.5;
    let to = |other: &Tensor| select(&equal, &half, other);
    (to(&where_true(&first, g)), to(&where_false(&first, g)))
}

/// To the first operand where it is as good as the second, which is `b`, or that is NaN.
fn number_gradient(g: &Tensor, b: &Tensor, as_good: Tensor) -> (Tensor, Tensor) {
    let first = must(as_good.logical_or(b.is_nan()));
    (where_true(&first, g), where_false(&first, g))
}

fn positive(a: &Tensor) -> Tensor {
    must(a.gt(0.0))
}

fn select(c: &Tensor, a: &Tensor, b: &Tensor) -> Tensor {
    must(c.select(a, b))
}

/// The value where the condition holds, else 0.
fn where_true(c: &Tensor, a: &Tensor) -> Tensor {
    must(c.select(a, 0.0))
}

/// 0 where the condition holds, else the value.
fn where_false(c: &Tensor, a: &Tensor) -> Tensor {
    must(c.select(0.0, a))
}

fn minimum(a: &Tensor, b: f64) -> Tensor {
    must(a.minimum(b))
}

fn floor_divide(a: &Tensor, b: &Tensor) -> Tensor {
    must(a.floor_divide(b))
}

/// Operands of a rule went through their operation, so that their shapes fit.
#[track_caller]
fn must(result: Result<Tensor>) -> Tensor {
    match result {
        Ok(tensor) => tensor,
        Err(error) => unreachable!("a gradient rule met shapes that do not fit: {error}"),
    }
}
