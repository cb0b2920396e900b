// exp, exp2 and expm1; needs select.wgsl.
//
// A max against a bound that is always met keeps a compiler that reassociates from merging the two parts of a
// subtraction: x - n * hi is exact, and must be rounded before the rest goes off it.

struct TwScaled {
    p: f32, // the value is p * 2^n
    n: i32,
}

struct TwFactors {
    a: f32, // the value is a * b, in this order where it may be subnormal
    b: f32,
}

// 2^n for -126 <= n <= 127.
fn tw_power_of_two(n: i32) -> f32 {
    return bitcast<f32>((n + 127) << 23u);
}

fn tw_factors(x: TwScaled) -> TwFactors {
    let half = x.n >> 1u;
    return TwFactors(x.p * tw_power_of_two(half), tw_power_of_two(x.n - half));
}

fn tw_expm1_reduced(head: f32, rest: f32) -> f32 {
    let r = head + rest;
    var q = 0.0083672255 + r * 0.0013844091;
    q = 0.16666538 + r * (0.041667722 + r * q);
    return head + (r * r * (0.49999997 + r * q) + rest);
}

// e^(head + tail), for a sum of at most 170 in magnitude.
fn tw_exp_parts(head: f32, tail: f32) -> TwScaled {
    let n = round((head + tail) * 1.442695);
    let exact = max(head - n * 0.69314575, -1.0);
    return TwScaled(1.0 + max(tw_expm1_reduced(exact, tail - n * 1.4286068e-6), -1.0), i32(n));
}

fn tw_exp(x: f32) -> f32 {
    let y = tw_factors(tw_exp_parts(clamp(x, -104.5, 89.0), 0.0));
    return tw_keep_nan(tw_override(y.a * y.b, TW_INF, x > 88.72284), x);
}

// 2^f for |f| <= 1/2.
fn tw_exp2_reduced(f: f32) -> f32 {
    let q = 0.05550275 + f * (0.00961708 + f * (0.0013416352 + f * 0.00015805483));
    return 1.0 + f * (0.69314724 + f * (0.24022655 + f * q));
}

fn tw_exp2(x: f32) -> f32 {
    let bounded = clamp(x, -151.0, 129.0);
    let n = round(bounded);
    let y = tw_factors(TwScaled(tw_exp2_reduced(bounded - n), i32(n)));
    return tw_keep_nan(tw_override(y.a * y.b, TW_INF, x >= 128.0), x);
}

fn tw_expm1(x: f32) -> f32 {
    let bounded = clamp(x, -18.0, 89.0);
    let n = round(bounded * 1.442695);
    let p = tw_expm1_reduced(max(bounded - n * 0.69314575, -1.0), n * -1.4286068e-6);
    let half = tw_power_of_two(i32(n) - 1);
    let y = select(2.0 * (half * p + (half - 0.5)), p, n == 0.0);
    let edge = tw_override(y, TW_INF, x > 88.72284);
    return tw_keep_nan(tw_override(edge, bitcast<u32>(x), tw_magnitude_bits(x) < 0x33000000u), x);
}
