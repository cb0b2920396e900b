// tanh, sinh and cosh; needs select.wgsl and exponential.wgsl.

// Not by the method of src/op/math, whose quotient is the result: WGSL lets a division be 2.5 ULP off, which here is
// at most a half of the result, and only beyond 0.55.
fn tw_tanh(x: f32) -> f32 {
    let a = min(tw_abs(x), 10.0);
    let s = a * a;
    let p = 0.13332544 + s * (-0.053847548 + s * (0.021050714 + s * -0.006242849));
    let near = a + a * (s * (-0.33333316 + s * p));
    let e = tw_exp_parts(2.0 * a, 0.0);
    let far = 1.0 - 2.0 / (e.p * tw_power_of_two(e.n) + 1.0);
    return tw_keep_nan(tw_with_sign(select(far, near, a < 0.55), x), x);
}

// e^x / 2 for 0 <= x <= 90; may overflow.
fn tw_half_exp(x: f32) -> f32 {
    let e = tw_exp_parts(x, 0.0);
    let y = tw_factors(TwScaled(e.p, e.n - 1));
    return y.a * y.b;
}

fn tw_sinh(x: f32) -> f32 {
    let a = min(tw_abs(x), 90.0);
    let s = a * a;
    let p = 0.0083333105 + s * (0.00019842896 + s * 2.782212e-6);
    let near = a + a * (s * (0.16666667 + s * p));
    let half = tw_half_exp(a);
    let far = tw_override(half - 0.25 / half, TW_INF, a > 89.415985);
    return tw_keep_nan(tw_with_sign(select(far, near, a < 1.0), x), x);
}

fn tw_cosh(x: f32) -> f32 {
    let a = min(tw_abs(x), 90.0);
    let half = tw_half_exp(a);
    return tw_keep_nan(tw_override(half + 0.25 / half, TW_INF, a > 89.415985), x);
}
