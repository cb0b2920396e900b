//! What the pointwise functions mean, in f64 and in words: no executor, planner or layout.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// 1 − erf(x), with small relative error in the right tail too.
fn erfc(x: f64) -> f64 {
    if x < 2.5 {
        return 1.0 - erf(x);
    }
    // Laplace's continued fraction, from the far end.
    let fraction = (1..=120).rev().fold(x, |tail, k| x + k as f64 / 2.0 / tail);
    (-x * x).exp() / PI.sqrt() / fraction
}

/// The error function by its series around 0.
pub(crate) fn erf(x: f64) -> f64 {
    if x.abs() >= 2.5 {
        return (1.0 - erfc(x.abs())).copysign(x);
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= -x * x / n as f64;
        sum += term / (2 * n + 1) as f64;
    }
    // Adding up loses the sign of zero.
    if x == 0.0 { x } else { sum * 2.0 / PI.sqrt() }
}

/// x·Φ(x).
pub(crate) fn gelu(x: f64) -> f64 {
    match x {
        f64::NEG_INFINITY => -0.0,
        x if x > 8.0 => x,
        x if x < -2.5 => x * erfc(-x * FRAC_1_SQRT_2) / 2.0,
        x => x * (1.0 + erf(x * FRAC_1_SQRT_2)) / 2.0,
    }
}

pub(crate) fn gelu_tanh(x: f64) -> f64 {
    if x == f64::NEG_INFINITY {
        return -0.0;
    }
    // (1 + tanh u)/2 is the logistic function of 2u.
    x * sigmoid(2.0 * (2.0 / PI).sqrt() * (x + 0.044715 * x * x * x))
}

pub(crate) fn sigmoid(x: f64) -> f64 {
    if x < 0.0 {
        x.exp() / (1.0 + x.exp())
    } else {
        1.0 / (1.0 + (-x).exp())
    }
}

pub(crate) fn silu(x: f64) -> f64 {
    if x == f64::NEG_INFINITY {
        -0.0
    } else {
        x * sigmoid(x)
    }
}

pub(crate) fn softplus(x: f64) -> f64 {
    x.max(0.0)
        + if x.is_nan() {
            x
        } else {
            (-x.abs()).exp().ln_1p()
        }
}

pub(crate) fn relu(x: f64) -> f64 {
    if x.is_nan() || x > 0.0 { x } else { 0.0 }
}

pub(crate) fn sign(x: f64) -> f64 {
    if x == 0.0 || x.is_nan() {
        x
    } else {
        1f64.copysign(x)
    }
}

pub(crate) fn leaky_relu(x: f64, slope: f64) -> f64 {
    if x < 0.0 { x * slope } else { x }
}

pub(crate) fn elu(x: f64, alpha: f64) -> f64 {
    if x < 0.0 { alpha * x.exp_m1() } else { x }
}

/// Python's `%`.
pub(crate) fn remainder(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if rest == 0.0 {
        0f64.copysign(b)
    } else if (rest < 0.0) != (b < 0.0) {
        rest + b
    } else {
        rest
    }
}

/// NumPy's `//`: a finite number over an infinity of the other sign is −1, an infinite one over
/// anything but zero NaN.
pub(crate) fn floor_divide(a: f64, b: f64) -> f64 {
    let quotient = a / b;
    if a.is_nan() || b.is_nan() || a.is_infinite() && b != 0.0 {
        f64::NAN
    } else if b.is_infinite() && a != 0.0 && (a < 0.0) != (b < 0.0) {
        -1.0
    } else {
        quotient.floor()
    }
}

/// The quotient without its fraction.
pub(crate) fn trunc_divide(a: f64, b: f64) -> f64 {
    (a / b).trunc()
}

pub(crate) fn minimum(a: f64, b: f64) -> f64 {
    if a.is_nan() || a <= b { a } else { b }
}

pub(crate) fn maximum(a: f64, b: f64) -> f64 {
    if a.is_nan() || a >= b { a } else { b }
}

/// Operations of one integer type, given as i64 and cut to the type by the caller.
pub(crate) mod int {
    /// Python's `%`; 0 for a divisor of 0.
    pub(crate) fn remainder(a: i64, b: i64) -> i64 {
        if b == 0 {
            0
        } else {
            a - b * floor_divide(a, b)
        }
    }

    /// Python's `//`; 0 for a divisor of 0.
    pub(crate) fn floor_divide(a: i64, b: i64) -> i64 {
        if b == 0 {
            0
        } else {
            a.div_euclid(b) - (b < 0 && a.rem_euclid(b) != 0) as i64
        }
    }

    /// Rust's and C's `/`; 0 for a divisor of 0.
    pub(crate) fn trunc_divide(a: i64, b: i64) -> i64 {
        a.checked_div(b).unwrap_or(0)
    }

    /// Rust's and C's `%`; 0 for a divisor of 0.
    pub(crate) fn fmod(a: i64, b: i64) -> i64 {
        a.checked_rem(b).unwrap_or(0)
    }

    /// The greatest common divisor of the magnitudes.
    pub(crate) fn gcd(a: i64, b: i64) -> i64 {
        let (a, b) = (a.abs(), b.abs());
        if b == 0 { a } else { gcd(b, a % b) }
    }

    /// a shifted to the left; out of 32 bits altogether by other amounts than 0 to 31.
    pub(crate) fn left_shift(a: i64, by: i64) -> i64 {
        if (0..32).contains(&by) { a << by } else { 0 }
    }

    /// a shifted to the right with its sign; by other amounts than 0 to 31 only the sign is left.
    pub(crate) fn right_shift(a: i64, by: i64) -> i64 {
        a >> if (0..32).contains(&by) { by } else { 63 }
    }

    /// The power modulo 2³², and by a negative exponent the fraction towards zero.
    pub(crate) fn pow(a: i64, b: i64) -> i64 {
        if b < 0 {
            return match (a, b % 2) {
                (1, _) | (-1, 0) => 1,
                (-1, _) => -1,
                _ => 0,
            };
        }
        let (mut base, mut exponent, mut power) = (a as u32, b as u64, 1u32);
        while exponent > 0 {
            if exponent % 2 == 1 {
                power = power.wrapping_mul(base);
            }
            base = base.wrapping_mul(base);
            exponent /= 2;
        }
        power as i64
    }
}
