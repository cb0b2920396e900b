//! Functions of each element.

use tilewise::prelude::*;

use super::cases::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("abs", "np.abs(x)", |a| Ok(a.x.abs())),
        case("negative", "np.negative(x)", |a| Ok(a.x.negative())),
        case("sign", "np.sign(x)", |a| Ok(a.x.sign())),
        case("signbit", "np.signbit(x)", |a| Ok(a.x.signbit())),
        case("square", "np.square(x)", |a| Ok(a.x.square())),
        case("sqrt", "np.sqrt(pos)", |a| Ok(a.pos.sqrt())),
        case("cbrt", "np.cbrt(x)", |a| Ok(a.x.cbrt())),
        case("reciprocal", "np.reciprocal(x)", |a| Ok(a.x.reciprocal())),
        case("exp", "np.exp(x)", |a| Ok(a.x.exp())),
        case("exp2", "np.exp2(x)", |a| Ok(a.x.exp2())),
        case("expm1", "np.expm1(x)", |a| Ok(a.x.expm1())),
        case("ln", "np.log(pos)", |a| Ok(a.pos.ln())),
        case("log2", "np.log2(pos)", |a| Ok(a.pos.log2())),
        case("log10", "np.log10(pos)", |a| Ok(a.pos.log10())),
        case("log1p", "np.log1p(pos)", |a| Ok(a.pos.log1p())),
        case("sin", "np.sin(x)", |a| Ok(a.x.sin())),
        case("cos", "np.cos(x)", |a| Ok(a.x.cos())),
        case("tan", "np.tan(x)", |a| Ok(a.x.tan())),
        case("asin", "np.arcsin(unit)", |a| Ok(a.unit.asin())),
        case("acos", "np.arccos(unit)", |a| Ok(a.unit.acos())),
        case("atan", "np.arctan(x)", |a| Ok(a.x.atan())),
        case("sinh", "np.sinh(x)", |a| Ok(a.x.sinh())),
        case("cosh", "np.cosh(x)", |a| Ok(a.x.cosh())),
        case("tanh", "np.tanh(x)", |a| Ok(a.x.tanh())),
        case("asinh", "np.arcsinh(x)", |a| Ok(a.x.asinh())),
        case("acosh", "np.arccosh(above)", |a| Ok(a.above.acosh())),
        case("atanh", "np.arctanh(unit)", |a| Ok(a.unit.atanh())),
        case("degrees", "np.degrees(x)", |a| Ok(a.x.degrees())),
        case("radians", "np.radians(x)", |a| Ok(a.x.radians())),
        case("sinc", "np.sinc(x)", |a| Ok(a.x.sinc())),
        case("floor", "np.floor(x)", |a| Ok(a.x.floor())),
        case("ceil", "np.ceil(x)", |a| Ok(a.x.ceil())),
        case("trunc", "np.trunc(x)", |a| Ok(a.x.trunc())),
        case("round", "np.round(x)", |a| Ok(a.x.round())),
        case("is_nan", "np.isnan(n)", |a| Ok(a.n.is_nan())),
        case("is_finite", "np.isfinite(n)", |a| Ok(a.n.is_finite())),
        case("is_inf", "np.isinf(n)", |a| Ok(a.n.is_inf())),
        case("rsqrt", "1 / np.sqrt(pos)", |a| Ok(a.pos.rsqrt())),
        case("sigmoid", "scipy.special.expit(x)", |a| Ok(a.x.sigmoid())),
        case("add", "np.add(x, y)", |a| a.x.try_add(&a.y)),
        case("subtract", "np.subtract(x, y)", |a| a.x.try_sub(&a.y)),
        case("multiply", "np.multiply(x, y)", |a| a.x.try_mul(&a.y)),
        case("divide", "np.divide(x, y)", |a| a.x.try_div(&a.y)),
        case("add, a row", "np.add(m, x[:1024])", |a| {
            a.m.try_add(&a.x.slice(s![..1024])?)
        }),
        case("add, a column", "np.add(m, x[:1024, None])", |a| {
            a.m.try_add(&a.x.slice(s![..1024])?.unsqueeze(1)?)
        }),
        case("add, transposed", "np.add(m, w.T)", |a| {
            a.m.try_add(a.w.t())
        }),
        case("floor_divide", "np.floor_divide(x, y)", |a| {
            a.x.floor_divide(&a.y)
        }),
        case("remainder", "np.remainder(x, y)", |a| a.x.remainder(&a.y)),
        case("fmod", "np.fmod(x, y)", |a| a.x.fmod(&a.y)),
        case("divmod", "np.divmod(x, y)", |a| a.x.divmod(&a.y)),
        case("pow", "np.power(pos, y)", |a| a.pos.pow(&a.y)),
        case("copysign", "np.copysign(x, y)", |a| a.x.copysign(&a.y)),
        case("hypot", "np.hypot(x, y)", |a| a.x.hypot(&a.y)),
        case("logaddexp", "np.logaddexp(x, y)", |a| a.x.logaddexp(&a.y)),
        case("logaddexp2", "np.logaddexp2(x, y)", |a| {
            a.x.logaddexp2(&a.y)
        }),
        case("atan2", "np.arctan2(x, y)", |a| a.x.atan2(&a.y)),
        case("minimum", "np.minimum(x, y)", |a| a.x.minimum(&a.y)),
        case("maximum", "np.maximum(x, y)", |a| a.x.maximum(&a.y)),
        case("fmin", "np.fmin(x, y)", |a| a.x.fmin(&a.y)),
        case("fmax", "np.fmax(x, y)", |a| a.x.fmax(&a.y)),
        case("heaviside", "np.heaviside(x, y)", |a| a.x.heaviside(&a.y)),
        case("eq", "np.equal(x, y)", |a| a.x.eq(&a.y)),
        case("ne", "np.not_equal(x, y)", |a| a.x.ne(&a.y)),
        case("lt", "np.less(x, y)", |a| a.x.lt(&a.y)),
        case("le", "np.less_equal(x, y)", |a| a.x.le(&a.y)),
        case("gt", "np.greater(x, y)", |a| a.x.gt(&a.y)),
        case("ge", "np.greater_equal(x, y)", |a| a.x.ge(&a.y)),
        case("pow 2", "np.power(pos, np.float32(2))", |a| {
            a.pos.pow(2.0f32)
        }),
        case("pow 3", "np.power(pos, np.float32(3))", |a| {
            a.pos.pow(3.0f32)
        }),
        case("pow 0.5", "np.power(pos, np.float32(0.5))", |a| {
            a.pos.pow(0.5f32)
        }),
        case("pow -1", "np.power(pos, np.float32(-1))", |a| {
            a.pos.pow(-1.0f32)
        }),
        case("clamp", "np.clip(x, -1, 1)", |a| a.x.clamp(-1., 1.)),
        case("nan_to_num", "np.nan_to_num(n)", |a| {
            Ok(a.n.nan_to_num(0., None, None))
        }),
        case("round_to", "np.round(x, 2)", |a| Ok(a.x.round_to(2))),
        case("lerp", "torch.lerp(t['x'], t['y'], 0.3)", |a| {
            a.x.lerp(&a.y, 0.3)
        }),
        case("isclose", "np.isclose(x, y)", |a| {
            a.x.isclose(&a.y, 1e-5, 1e-8, false)
        }),
        case("allclose", "np.allclose(x, x)", |a| {
            a.x.allclose(&a.x, 1e-5, 1e-8, false)
        }),
        case("array_equal", "np.array_equal(x, x.copy())", |a| {
            a.x.array_equal(&a.x.slice(s![..])?, false)
        }),
        case("add of integers", "np.add(i, j)", |a| a.i.try_add(&a.j)),
        case("multiply of integers", "np.multiply(i, j)", |a| {
            a.i.try_mul(&a.j)
        }),
        case("floor_divide of integers", "np.floor_divide(i, j)", |a| {
            a.i.floor_divide(&a.j)
        }),
        case("remainder of integers", "np.remainder(i, j)", |a| {
            a.i.remainder(&a.j)
        }),
        case("fmod of integers", "np.fmod(i, j)", |a| a.i.fmod(&a.j)),
        case("minimum of integers", "np.minimum(i, j)", |a| {
            a.i.minimum(&a.j)
        }),
        case("gcd of integers", "np.gcd(i, j)", |a| a.i.gcd(&a.j)),
        case("lcm of integers", "np.lcm(i, j)", |a| a.i.lcm(&a.j)),
        case("bitwise_and of integers", "np.bitwise_and(i, j)", |a| {
            a.i.bitwise_and(&a.j)
        }),
        case("bitwise_or of integers", "np.bitwise_or(i, j)", |a| {
            a.i.bitwise_or(&a.j)
        }),
        case("bitwise_xor of integers", "np.bitwise_xor(i, j)", |a| {
            a.i.bitwise_xor(&a.j)
        }),
        case("equal of integers", "np.equal(i, j)", |a| a.i.eq(&a.j)),
        case("floor_divide by 7", "np.floor_divide(i, 7)", |a| {
            a.i.floor_divide(7)
        }),
        case("remainder by 7", "np.remainder(i, 7)", |a| a.i.remainder(7)),
        case("power of integers", "np.power(small, 3)", |a| {
            a.small.pow(3)
        }),
        case("divide integers", "np.divide(i, np.float32(3))", |a| {
            a.i.try_div(3)
        }),
        case("left_shift", "np.left_shift(i, 3)", |a| a.i.left_shift(3)),
        case("right_shift", "np.right_shift(i, 3)", |a| {
            a.i.right_shift(3)
        }),
        case("right_shift by each", "np.right_shift(i, few)", |a| {
            a.i.right_shift(&a.few)
        }),
        case("bitwise_not", "np.bitwise_not(i)", |a| a.i.bitwise_not()),
        case("abs of integers", "np.abs(i)", |a| Ok(a.i.abs())),
        case("logical_and", "np.logical_and(mask, other)", |a| {
            a.mask.logical_and(&a.other)
        }),
        case("logical_or", "np.logical_or(mask, other)", |a| {
            a.mask.logical_or(&a.other)
        }),
        case("logical_xor", "np.logical_xor(mask, other)", |a| {
            a.mask.logical_xor(&a.other)
        }),
        case("logical_not", "np.logical_not(mask)", |a| {
            Ok(a.mask.logical_not())
        }),
        case("bitwise_and of masks", "np.bitwise_and(mask, other)", |a| {
            a.mask.bitwise_and(&a.other)
        }),
    ]
}
