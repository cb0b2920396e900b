//! Operations element by element, choices, random numbers and gradients.

use tilewise::{Backward, DType, Generator, Operand, Result, Tensor};

use super::super::draw::Class::{Gradient, Grow, Keep, Product, Variable, Whole};
use super::super::draw::Draw;
use super::super::program::Run;
use super::{Step, each, inexact, one, step, two};

pub(super) const VARIABLE: Step = step("variable", Variable, |d| {
    d.float()?;
    one(|v| Ok(v[0].variable()))
});
pub(super) const BACKWARD: Step = step("backward", Gradient, gradient);

type Binary = fn(&Tensor, Operand<'_>) -> Result<Tensor>;

pub(super) const STEPS: &[Step] = &[
    step("to_dtype", Keep, |d| {
        d.any()?;
        // Halves only where an operand is one: the device may have none.
        let to = d.pick(&[DType::F32, DType::F32, DType::I32, DType::U32, DType::Bool]);
        // A negative number or a fraction changes its meaning, but not the number of its digits.
        one(move |v| v[0].to_dtype(to).try_mul(1)?.remainder(16))
    }),
    step("relu", Keep, |d| each(d, |t| Ok(t.relu()))),
    step("negative", Grow, |d| each(d, |t| Ok(t.negative()))),
    step("abs", Keep, |d| each(d, |t| Ok(t.abs()))),
    step("sign", Keep, |d| each(d, |t| Ok(t.sign()))),
    step("square", Product, |d| {
        // Of two operands, for the digits of the result.
        d.any()?;
        one(|v| v[0].try_mul(v[0]))
    }),
    step("floor", Keep, |d| each(d, |t| Ok(t.floor()))),
    step("ceil", Keep, |d| each(d, |t| Ok(t.ceil()))),
    step("round", Keep, |d| each(d, |t| Ok(t.round()))),
    step("trunc", Keep, |d| each(d, |t| Ok(t.trunc()))),
    step("is_nan", Keep, |d| each(d, |t| Ok(t.is_nan()))),
    step("is_inf", Keep, |d| each(d, |t| Ok(t.is_inf()))),
    step("is_finite", Keep, |d| each(d, |t| Ok(t.is_finite()))),
    step("signbit", Keep, |d| each(d, |t| Ok(signed(t)?.signbit()))),
    step("logical_not", Keep, |d| each(d, |t| Ok(t.logical_not()))),
    step("bitwise_not", Grow, |d| each(d, |t| t.bitwise_not())),
    step("add", Grow, |d| pair(d, |a, b| a.try_add(b))),
    step("sub", Grow, |d| pair(d, |a, b| a.try_sub(b))),
    step("mul", Product, |d| pair(d, |a, b| a.try_mul(b))),
    step("maximum", Keep, |d| pair(d, |a, b| a.maximum(b))),
    step("minimum", Keep, |d| pair(d, |a, b| a.minimum(b))),
    step("fmax", Keep, |d| pair(d, |a, b| a.fmax(b))),
    step("fmin", Keep, |d| pair(d, |a, b| a.fmin(b))),
    step("remainder", Whole, |d| pair(d, |a, b| a.remainder(b))),
    step("fmod", Whole, |d| pair(d, |a, b| a.fmod(b))),
    step("floor_divide", Whole, |d| pair(d, |a, b| a.floor_divide(b))),
    step("trunc_divide", Whole, |d| pair(d, |a, b| a.trunc_divide(b))),
    step("copysign", Keep, |d| {
        let a = d.any()?;
        d.partner(&a)?;
        one(|v| v[0].copysign(&signed(v[1])?))
    }),
    step("eq", Keep, |d| pair(d, |a, b| a.eq(b))),
    step("ne", Keep, |d| pair(d, |a, b| a.ne(b))),
    step("lt", Keep, |d| pair(d, |a, b| a.lt(b))),
    step("le", Keep, |d| pair(d, |a, b| a.le(b))),
    step("gt", Keep, |d| pair(d, |a, b| a.gt(b))),
    step("ge", Keep, |d| pair(d, |a, b| a.ge(b))),
    step("logical_and", Keep, |d| pair(d, |a, b| a.logical_and(b))),
    step("logical_or", Keep, |d| pair(d, |a, b| a.logical_or(b))),
    step("logical_xor", Keep, |d| pair(d, |a, b| a.logical_xor(b))),
    step("bitwise_and", Grow, |d| pair(d, |a, b| a.bitwise_and(b))),
    step("bitwise_or", Grow, |d| pair(d, |a, b| a.bitwise_or(b))),
    step("bitwise_xor", Grow, |d| pair(d, |a, b| a.bitwise_xor(b))),
    step("left_shift", Grow, |d| pair(d, |a, b| a.left_shift(b))),
    step("right_shift", Grow, |d| pair(d, |a, b| a.right_shift(b))),
    step("gcd", Grow, |d| pair(d, |a, b| a.gcd(b))),
    step("lcm", Grow, |d| pair(d, |a, b| a.lcm(b))),
    step("heaviside", Keep, |d| pair(d, |a, b| a.heaviside(b))),
    step("divmod", Whole, |d| {
        let a = d.any()?;
        d.partner(&a)?;
        two(|v| v[0].divmod(v[1]))
    }),
    step("pow", Whole, |d| {
        d.any()?;
        let power = d.pick(&[0, 1, 2, 3]);
        // Of small whole numbers: a power is then exact wherever it is computed by multiplying.
        one(move |v| v[0].trunc().clamp(-4, 4)?.to_dtype(DType::I32).pow(power))
    }),
    step("halve", Whole, |d| {
        d.float()?;
        one(|v| v[0].try_div(2))
    }),
    step("quarter", Product, |d| {
        d.float()?;
        one(|v| v[0].floor().try_mul(0.25))
    }),
    step("select", Keep, |d| {
        let a = d.any()?;
        d.partner(&a)?;
        d.partner(&a)?;
        one(|v| v[1].select(v[0], v[2]))
    }),
    step("select by comparison", Keep, |d| {
        let a = d.any()?;
        d.partner(&a)?;
        one(|v| v[0].gt(v[1])?.select(v[0], v[1]))
    }),
    step("clamp", Keep, |d| {
        let a = d.any()?;
        d.partner(&a)?;
        d.partner(&a)?;
        one(|v| v[0].clamp(v[1], v[2]))
    }),
    step("lerp", Product, |d| {
        let a = d.float()?;
        d.partner(&a)?;
        one(|v| v[0].lerp(v[1], 2))
    }),
    step("masked_fill", Keep, |d| {
        let a = d.any()?;
        let value = d.number(0, 8) as i32;
        d.partner(&a)?;
        one(move |v| v[0].masked_fill(&v[1].gt(1)?, value))
    }),
    step("set_where", Keep, |d| {
        let a = d.any()?;
        d.partner(&a)?;
        d.partner(&a)?;
        one(move |v| {
            let mut x = v[0].clone();
            x.set_where(&v[1].ge(2)?, v[2])?;
            x.remainder(16)
        })
    }),
    step("nan_to_num", Keep, |d| {
        d.float()
            .and_then(|_| one(|v| Ok(v[0].nan_to_num(1.0, Some(2.0), Some(-2.0)))))
    }),
    step("uniform", Whole, |d| {
        let (seed, a) = (d.below(9) as u64, d.any()?);
        let shape = a.shape().to_vec();
        one(move |v| {
            Generator::new(seed)
                .uniform(&shape[..], v[0].device())?
                .try_mul(64)
        })
    }),
    step("integers", Keep, |d| {
        let (seed, a) = (d.below(9) as u64, d.any()?);
        let (shape, low) = (a.shape().to_vec(), d.number(-4, 4) as i64);
        one(move |v| Generator::new(seed).integers(low, 8, &shape[..], v[0].device()))
    }),
    step("permutation", Grow, |d| {
        let (seed, a) = (d.below(9) as u64, d.any()?);
        let n = a.size();
        one(move |v| Generator::new(seed).permutation(n, v[0].device()))
    }),
    step("full_like", Keep, |d| {
        d.any()?;
        let value = d.number(0, 8) as i32;
        one(move |v| Ok(v[0].full_like(value)))
    }),
    step("add a number", Grow, |d| number(d, |a, b| a.try_add(b))),
    step("scale", Product, |d| number(d, |a, b| a.try_mul(b))),
    step("over a number", Whole, |d| {
        number(d, |a, b| a.floor_divide(b))
    }),
    step("above a number", Keep, |d| number(d, |a, b| a.gt(b))),
    step("equal to a number", Keep, |d| number(d, |a, b| a.eq(b))),
    inexact("exp", |d| each(d, |t| t.exp().try_mul(4))),
    inexact("tanh", |d| each(d, |t| t.tanh().try_mul(4))),
    inexact("sin", |d| each(d, |t| t.sin().try_mul(4))),
    inexact("sqrt", |d| each(d, |t| t.sqrt().try_mul(4))),
    inexact("div", |d| pair(d, |a, b| a.try_div(b))),
    inexact("ln", |d| each(d, |t| t.abs().ln().try_mul(4))),
];

/// A tensor whose signs are promised: a NaN has either.
fn signed(t: &Tensor) -> Result<Tensor> {
    t.is_nan().select(1, t)
}

/// An operation on two tensors that broadcast.
fn pair(d: &mut Draw, call: Binary) -> Option<Run> {
    let a = d.any()?;
    d.partner(&a)?;
    one(move |v| call(v[0], v[1].into()))
}

/// An operation on a tensor and a number; one of its kind or not.
fn number(d: &mut Draw, call: Binary) -> Option<Run> {
    d.any()?;
    match d.once_in(3) {
        true => {
            let n = d.pick(&[0.25, -1.0, 2.0, 0.5]);
            one(move |v| call(v[0], n.into())?.floor().try_mul(1))
        }
        false => {
            let n = d.number(-3, 8) as i32;
            one(move |v| call(v[0], n.into()))
        }
    }
}

/// The gradient of the sum of a value with respect to a variable.
fn gradient(d: &mut Draw) -> Option<Run> {
    d.operand(|t| matches!(t.dtype(), DType::F32 | DType::F16) && t.is_tracked())?;
    d.variable()?;
    one(|v| {
        let options = Backward::new().retain_tape();
        let gradients = v[0].sum(..)?.backward_with(options)?;
        match gradients.get(v[1]) {
            Some(gradient) => Ok(gradient.clone()),
            None => Ok(v[1].zeros_like()),
        }
    })
}
