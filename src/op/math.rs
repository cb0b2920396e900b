//! The scalar functions behind the elementwise operations.
//!
//! These define what an operation means. `shaders/math/` holds the same methods for the GPU, function by function,
//! under the name with `tw_` before it. They differ where a processor must not wait: polynomials are added up by pairs
//! of terms here, by Horner's rule there; powers go through f64, which shaders lack; hyperbolic functions and their
//! inverses take the ways that their comments tell. Each is written for a loop over it to vectorise: no table, no call into the C
//! library and, but where a comment says so, no branch. A bound in ULPs is against an f64 reference over the whole
//! domain, subnormals included; `tests.rs` holds each function to it. Lavapipe and SwiftShader hold the same bounds,
//! except that subnormals may be flushed; a GPU whose division or square root is off by more than half a ULP (WGSL
//! allows 2.5) adds that.
//!
//! What keeps the two sides alike:
//! - Where an intermediate must be exact, its factors are so short that the product is exact, so it does not matter
//!   whether `a * b + c` is rounded once or twice. Here nothing is fused: processors of SSE2 alone and wasm have no such
//!   instruction, and must give the same bits. Measured for a logarithm, it saves a fifth of the time where it is there,
//!   and takes 13 times as long where it is emulated in f64.
//! - The shader puts a `max` that never acts, or a mask, between terms that must not be merged; compilers of shaders do
//!   reassociate.
//! - The shader tells NaN and ∞ by their bits and selects special results as bits; here comparisons do.
//! - Rounding to an integer is half to even on both sides.

mod activation;
mod bits;
mod error_function;
mod exponential;
mod hyperbolic;
mod integer;
mod inverse_hyperbolic;
mod inverse_trig;
mod key;
mod logarithm;
mod philox;
mod power;
mod remainder;
mod root;
mod rounding;
mod select;
mod trigonometric;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use activation::{elu, gelu, gelu_tanh, leaky_relu, relu, sigmoid, silu, softplus};
pub(crate) use bits::{gcd_i32, gcd_u32, shl_i32, shl_u32, shr_i32, shr_u32};
pub(crate) use error_function::erf;
pub(crate) use exponential::{exp, exp2, expm1};
pub(crate) use hyperbolic::{cosh, sinh, tanh};
pub(crate) use integer::{
    abs_i32, floor_div_i32, floor_div_u32, fmod_i32, mul_hi, pow_i32, pow_u32, rem_i32, rem_u32,
    sign_i32, trunc_div_i32,
};
pub(crate) use inverse_hyperbolic::{acosh, asinh, atanh};
pub(crate) use inverse_trig::{acos, asin, atan, atan2};
pub(crate) use key::{from_key, key};
pub(crate) use logarithm::{ln, log1p, log2, log10};
pub(crate) use philox::philox;
pub(crate) use power::{normal, pow, pow_normal};
pub(crate) use remainder::{floor_div, fmod, rem, trunc_div};
pub(crate) use root::{cbrt, hypot};
pub(crate) use rounding::{ceil, floor, round, to_i32, to_u32, trunc};
pub(crate) use select::{
    abs, copysign, fmax, fmin, is_finite, is_inf, is_nan, max, min, reciprocal, rsqrt, sign,
    sign_bit, sqrt,
};
pub(crate) use trigonometric::{cos, cos_small, sin, sin_small, small_angles, tan, tan_small};

/// The same functions for the GPU, `tw_` before each name: the files of `shaders/math/`, each after those it needs.
pub(crate) const WGSL: &str = concat!(
    include_str!("../../shaders/math/select.wgsl"),
    include_str!("../../shaders/math/key.wgsl"),
    include_str!("../../shaders/math/exponential.wgsl"),
    include_str!("../../shaders/math/logarithm.wgsl"),
    include_str!("../../shaders/math/integer.wgsl"),
    include_str!("../../shaders/math/bits.wgsl"),
    include_str!("../../shaders/math/philox.wgsl"),
    include_str!("../../shaders/math/trigonometric.wgsl"),
    include_str!("../../shaders/math/hyperbolic.wgsl"),
    include_str!("../../shaders/math/inverse_hyperbolic.wgsl"),
    include_str!("../../shaders/math/root.wgsl"),
    include_str!("../../shaders/math/inverse_trig.wgsl"),
    include_str!("../../shaders/math/error_function.wgsl"),
    include_str!("../../shaders/math/activation.wgsl"),
    include_str!("../../shaders/math/power.wgsl"),
    include_str!("../../shaders/math/remainder.wgsl"),
);
