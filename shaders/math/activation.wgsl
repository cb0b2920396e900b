// Activation functions; needs select.wgsl, exponential.wgsl and logarithm.wgsl.

// Whether x is below zero and no NaN.
fn tw_is_negative(x: f32) -> bool {
    let bits = bitcast<u32>(x);
    return bits > TW_SIGN && bits <= 0xff800000u;
}

fn tw_relu(x: f32) -> f32 {
    return tw_override(x, 0u, tw_sign_bit(x) != 0u && !tw_is_nan(x));
}

fn tw_leaky_relu(x: f32, slope: f32) -> f32 {
    return tw_override(x, bitcast<u32>(x * slope), tw_is_negative(x));
}

fn tw_elu(x: f32, alpha: f32) -> f32 {
    return tw_override(x, bitcast<u32>(alpha * tw_expm1(x)), tw_is_negative(x));
}

// e^-|x|, down to where 120 times it is half of the least subnormal.
fn tw_exp_falling(x: f32) -> TwFactors {
    return tw_factors(tw_exp_parts(max(-tw_abs(x), -120.0), 0.0));
}

fn tw_sigmoid(x: f32) -> f32 {
    let factors = tw_exp_falling(x);
    let e = factors.a * factors.b;
    return tw_keep_nan(select(1.0, e, x < 0.0) / (1.0 + e), x);
}

fn tw_silu(x: f32) -> f32 {
    let e = tw_exp_falling(x);
    let denominator = 1.0 + e.a * e.b;
    let negative = max(x, -120.0) * e.a / denominator * e.b;
    // Where the denominator is 1, x may be too large for an accurate division.
    let positive = select(x / denominator, x, x > 20.0);
    return tw_override(select(positive, negative, x < 0.0), bitcast<u32>(x), tw_is_nan(x) || bitcast<u32>(x) == TW_INF);
}

fn tw_softplus(x: f32) -> f32 {
    let e = tw_exp_falling(x);
    let y = tw_log1p(e.a * e.b);
    return tw_override(select(y, x + y, x > 0.0), bitcast<u32>(x), tw_is_nan(x) || bitcast<u32>(x) == TW_INF);
}

fn tw_gelu(x: f32) -> f32 {
    let a = min(tw_abs(x), 14.5);
    let s = a * a;
    var p = -0.0011880203 + s * (0.00011502072 + s * -8.1711305e-6);
    p = 0.3989423 + s * (-0.06649054 + s * (0.009974163 + s * p));
    let near = x * (0.5 + x * p);

    let head = tw_head(a);
    let e = tw_factors(tw_exp_parts(-0.5 * (head * head), -0.5 * (a - head) * (a + head)));
    let t = (a - 3.0) / (a + 3.0);
    p = 0.003965839 + t * (-3.900923e-5 + t * -0.0005466591);
    p = -0.13965744 + t * (0.09137682 + t * (-0.02885826 + t * (-0.0017382485 + t * p)));
    let tail = e.a * (0.36454186 + t * (0.10987586 + t * p)) * e.b;
    let far = select(x - tail, -tail, x < 0.0);
    return tw_override(select(far, near, a < 1.0), bitcast<u32>(x), tw_is_nan(x) || bitcast<u32>(x) == TW_INF);
}

fn tw_gelu_tanh(x: f32) -> f32 {
    let a = min(tw_abs(x), 11.0);
    // The exponent a * (c + d * a^2) in two parts; products of heads are exact.
    let head = tw_head(a);
    let square = tw_head(head * head);
    let square_rest = (head * head - square) + (a - head) * (a + head);
    let product = 0.0713501 * square;
    let factor = tw_head(1.5957031 + product);
    let rest = 6.59966e-5 + (4.7186163e-6 * square + 0.071354814 * square_rest);
    let factor_rest = max(product - max(factor - 1.5957031, -1.0), -16.0) + rest;
    let exponent_rest = (a - head) * (factor + factor_rest) + head * factor_rest;

    let e = tw_factors(tw_exp_parts(-(head * factor), -exponent_rest));
    let denominator = 1.0 + e.a * e.b;
    let negative = max(x, -11.0) * e.a / denominator * e.b;
    let positive = select(x / denominator, x, x > 11.0);
    return tw_override(select(positive, negative, x < 0.0), bitcast<u32>(x), tw_is_nan(x) || bitcast<u32>(x) == TW_INF);
}
