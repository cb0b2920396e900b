//! Functions that work element by element.

use tilewise::DType;

use super::{Call, Results, one, truth, two};

/// Results of methods without arguments, of which some cannot fail.
macro_rules! plain {
    ($call:ident, [$($sure:ident)*], [$($may:ident)*], [$($two:ident)*]) => {
        match $call.name {
            $(stringify!($sure) => Some(Ok(vec![$call.x.$sure()])),)*
            $(stringify!($may) => Some(one($call.x.$may())),)*
            $(stringify!($two) => Some(one($call.x.$two($call.y()))),)*
            _ => None,
        }
    };
}

pub(super) fn run(call: &Call) -> Option<Results> {
    let plain = plain!(
        call,
        [sqrt cbrt exp exp2 expm1 ln log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh
         asinh acosh atanh reciprocal rsqrt erf sigmoid relu gelu gelu_tanh silu softplus sinc degrees radians abs negative sign square
         floor ceil trunc round signbit is_nan is_finite is_inf logical_not],
        [bitwise_not],
        [floor_divide remainder fmod trunc_divide pow atan2 hypot copysign logaddexp logaddexp2
         minimum maximum fmin fmax heaviside gcd lcm bitwise_and bitwise_or bitwise_xor left_shift
         right_shift eq ne lt le gt ge logical_and logical_or logical_xor]
    );
    plain.or_else(|| with_arguments(call))
}

fn with_arguments(call: &Call) -> Option<Results> {
    let x = call.x;
    Some(one(match call.name {
        "try_add" => x.try_add(call.y()),
        "try_sub" => x.try_sub(call.y()),
        "try_mul" => x.try_mul(call.y()),
        "try_div" => x.try_div(call.y()),
        "lerp" => x.lerp(call.y(), 0.25),
        "isclose" => x.isclose(call.y(), 1e-5, 1e-8, false),
        "allclose" => return Some(truth(x, x.allclose(call.y(), 1e-5, 1e-8, false))),
        "array_equal" => return Some(truth(x, x.array_equal(call.y(), false))),
        "divmod" => return Some(two(x.divmod(call.y()))),
        "nan_to_num" => Ok(x.nan_to_num(call.number(0), None, None)),
        "leaky_relu" => x.leaky_relu(call.number::<f64>(0)),
        "elu" => x.elu(call.number::<f64>(0)),
        "round_to" => Ok(x.round_to(call.number(0))),
        "clamp" if x.dtype() == DType::U32 => x.clamp(0, 2),
        "clamp" => x.clamp(-1, 2),
        "to_dtype" => Ok(x.to_dtype(dtype(call.args[0]))),
        "select" => x.to_dtype(DType::Bool).select(x, call.y()),
        _ => return None,
    }))
}

fn dtype(name: &str) -> DType {
    let all = [DType::F32, DType::I32, DType::U32, DType::Bool];
    let found = all.into_iter().find(|dtype| dtype.name() == name);
    found.unwrap_or_else(|| panic!("{name:?} is no dtype"))
}
