// The error function; needs select.wgsl and exponential.wgsl.

fn tw_erf(x: f32) -> f32 {
    let a = min(tw_abs(x), 4.0);
    let s = a * a;
    var p = 0.0051918034 + s * (-0.00080432615 + s * 7.9719255e-5);
    p = 0.12837917 + s * (-0.3761263 + s * (0.11283623 + s * (-0.026855502 + s * p)));
    // For the least a, a * p may be flushed although the result is not.
    let near = select(a + a * p, a * 1.1283792, a < 1e-30);
    p = 0.022226753 + a * (-0.0030431843 + a * 0.00019593557);
    p = -0.00019571715 + a * (-1.1276754 + a * (-0.63718265 + a * (-0.103931226 + a * p)));
    let e = tw_exp_parts(p, 0.0);
    let far = 1.0 - e.p * tw_power_of_two(e.n);
    return tw_keep_nan(tw_with_sign(select(far, near, a < 0.92), x), x);
}
