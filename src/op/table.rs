//! The table of pointwise operations: one row says all there is to know about one.
//!
//! A row gives the documentation, the name, the meaning in Rust (what the CPU executor runs), the
//! expression in WGSL (what the GPU runs), and the gradient, with what the gradient rule needs kept:
//! operands `a`, `b`, `c` or the result `y`. The enum of operations, the CPU kernels, the shader
//! generator, the `Tensor` methods and the gradient rules are all made from these rows by handing
//! [`pointwise_table!`] the name of another macro.
//!
//! Sections by signature: `float1` and `float2` take floats and give floats, and state their error
//! bound in ULP; `number1` and `number2` take and give any numeric type, with a meaning for each of
//! `f32`, `i32` and `u32`; `bits1` and `bits2` take and give integers; `test` takes floats and gives
//! bools; `compare` takes two numbers and gives bools; `logic1` and `logic2` take and give bools. `f16` is
//! computed as `f32` and rounded.

macro_rules! pointwise_table {
    ($then:ident) => {
        $then! {
            float1 {
                /// The exponential, eᵃ.
                Exp exp 2, math::exp, "tw_exp({a})", [y] |g, s| g * s.y();
                /// Two to the power a.
                Exp2 exp2 2, math::exp2, "tw_exp2({a})", [y] |g, s| g * s.y() * LN_2;
                /// eᵃ − 1, accurate near zero.
                Expm1 expm1 2, math::expm1, "tw_expm1({a})", [y] |g, s| g * (s.y() + 1.0);
                /// The natural logarithm; NaN below zero, −∞ at zero.
                #[doc(alias = "log")]
                Ln ln 2, math::ln, "tw_ln({a})", [a] |g, s| g / s.a();
                /// The logarithm to base 2.
                Log2 log2 2, math::log2, "tw_log2({a})", [a] |g, s| g / (s.a() * LN_2);
                /// The logarithm to base 10, exact for powers of ten.
                Log10 log10 2, math::log10, "tw_log10({a})", [a] |g, s| g / (s.a() * LN_10);
                /// ln(1 + a), accurate near zero.
                Log1p log1p 2, math::log1p, "tw_log1p({a})", [a] |g, s| g / (s.a() + 1.0);
                /// The square root; NaN below zero.
                Sqrt sqrt 2, math::sqrt, "tw_sqrt({a})", [y] |g, s| g * 0.5 / s.y();
                /// The reciprocal of the square root.
                Rsqrt rsqrt 2, math::rsqrt, "tw_rsqrt({a})",
                    [y] |g, s| g * (-0.5) * (s.y() * s.y() * s.y());
                /// The cube root, of negative numbers too.
                Cbrt cbrt 2, math::cbrt, "tw_cbrt({a})", [y] |g, s| g / (s.y().square() * 3.0);
                /// One over a.
                Reciprocal reciprocal 2, math::reciprocal, "tw_reciprocal({a})",
                    [y] |g, s| -(g * s.y().square());
                /// The sine of an angle in radians, at any finite size.
                Sin sin 2, math::sin, "tw_sin({a})", [a] |g, s| g * s.a().cos();
                /// The cosine of an angle in radians, at any finite size.
                Cos cos 2, math::cos, "tw_cos({a})", [a] |g, s| -(g * s.a().sin());
                /// The tangent of an angle in radians, at any finite size.
                Tan tan 4, math::tan, "tw_tan({a})", [y] |g, s| g * (s.y().square() + 1.0);
                /// The inverse sine in radians; NaN outside [−1, 1].
                #[doc(alias = "arcsin")]
                Asin asin 4, math::asin, "tw_asin({a})",
                    [a] |g, s| g * ((1.0 - s.a()) * (s.a() + 1.0)).rsqrt();
                /// The inverse cosine in radians; NaN outside [−1, 1].
                #[doc(alias = "arccos")]
                Acos acos 4, math::acos, "tw_acos({a})",
                    [a] |g, s| -(g * ((1.0 - s.a()) * (s.a() + 1.0)).rsqrt());
                /// The inverse tangent in radians.
                #[doc(alias = "arctan")]
                Atan atan 4, math::atan, "tw_atan({a})",
                    [a] |g, s| g / (s.a().square() + 1.0);
                /// The hyperbolic sine.
                Sinh sinh 4, math::sinh, "tw_sinh({a})", [a] |g, s| g * s.a().cosh();
                /// The hyperbolic cosine.
                Cosh cosh 4, math::cosh, "tw_cosh({a})", [a] |g, s| g * s.a().sinh();
                /// The hyperbolic tangent.
                Tanh tanh 2, math::tanh, "tw_tanh({a})",
                    [y] |g, s| g * (1.0 - s.y().square());
                /// The inverse hyperbolic sine.
                #[doc(alias = "arcsinh")]
                Asinh asinh 4, math::asinh, "tw_asinh({a})",
                    [a] |g, s| g * (s.a().square() + 1.0).rsqrt();
                /// The inverse hyperbolic cosine; NaN below 1.
                #[doc(alias = "arccosh")]
                Acosh acosh 4, math::acosh, "tw_acosh({a})",
                    [a] |g, s| g * (s.a() - 1.0).rsqrt() * (s.a() + 1.0).rsqrt();
                /// The inverse hyperbolic tangent; ±∞ at ±1 and NaN beyond.
                #[doc(alias = "arctanh")]
                Atanh atanh 4, math::atanh, "tw_atanh({a})",
                    [a] |g, s| g / ((1.0 - s.a()) * (s.a() + 1.0));
                /// The error function, 2/√π ∫₀ᵃ e^(−t²) dt.
                Erf erf 4, math::erf, "tw_erf({a})",
                    [a] |g, s| g * (-s.a().square()).exp() * FRAC_2_SQRT_PI;
                /// The logistic function, 1/(1 + e⁻ᵃ).
                Sigmoid sigmoid 3, math::sigmoid, "tw_sigmoid({a})",
                    [y] |g, s| g * s.y() * (1.0 - s.y());
                /// The rectifier, max(a, 0); NaN stays NaN.
                Relu relu 0, math::relu, "tw_relu({a})",
                    [y] |g, s| where_true(&positive(&s.y()), g);
                /// The Gaussian error linear unit, a·Φ(a) (Hendrycks and Gimpel, 2016).
                Gelu gelu 4, math::gelu, "tw_gelu({a})",
                    [a] |g, s| g * gelu_slope(&s.a());
                /// The tanh approximation of [`gelu`](Tensor::gelu), as GPT-2 uses it.
                GeluTanh gelu_tanh 4, math::gelu_tanh, "tw_gelu_tanh({a})",
                    [a] |g, s| g * gelu_tanh_slope(&s.a());
                /// The sigmoid linear unit (swish), a·sigmoid(a).
                Silu silu 4, math::silu, "tw_silu({a})", [a] |g, s| {
                    let y = s.a().sigmoid();
                    g * (&y + s.a() * &y * (1.0 - &y))
                };
                /// ln(1 + eᵃ), without overflow.
                Softplus softplus 4, math::softplus, "tw_softplus({a})",
                    [a] |g, s| g * s.a().sigmoid();
            }
            float2 {
                /// The true quotient; integers are divided as `f32`.
                #[doc(alias("divide", "true_divide"))]
                Div try_div 3, |a, b| a / b, "({a} / {b})",
                    [b y] |g, s| (g / s.b(), -(g * s.y() / s.b()));
                /// The angle of the point (b, a) in radians, in (−π, π], as C99's `atan2(a, b)`.
                #[doc(alias = "arctan2")]
                Atan2 atan2 4, math::atan2, "tw_atan2({a}, {b})", [a b] |g, s| {
                    let r = g / (s.a().square() + s.b().square());
                    (&r * s.b(), -(&r * s.a()))
                };
                /// √(a² + b²), without overflow on the way; ∞ where either is infinite.
                Hypot hypot 3, math::hypot, "tw_hypot({a}, {b})", [a b y] |g, s| {
                    // At the origin there is no slope: 0, and not 0/0.
                    let r = where_true(&positive(&s.y()), &(g / s.y()));
                    (&r * s.a(), &r * s.b())
                };
                /// The magnitude of a with the sign of b, which zeros have too.
                Copysign copysign 0, math::copysign, "tw_copysign({a}, {b})",
                    [a y] |g, s| (g * s.a().sign() * s.y().sign(), g * 0.0);
                /// a where it is positive, b·a elsewhere: b is the slope for negative inputs.
                LeakyRelu leaky_relu 1, math::leaky_relu, "tw_leaky_relu({a}, {b})",
                    [a b] |g, s| {
                        let up = positive(&s.a());
                        (select(&up, g, &(g * s.b())), where_false(&up, &(g * s.a())))
                    };
                /// a where it is positive, b·(eᵃ − 1) elsewhere (Clevert et al., 2015).
                Elu elu 4, math::elu, "tw_elu({a}, {b})", [a b y] |g, s| {
                    let up = positive(&s.a());
                    let below = minimum(&s.a(), 0.0).expm1();
                    (select(&up, g, &(g * (s.y() + s.b()))), where_false(&up, &(g * below)))
                };
            }
            number1 {
                /// The negative, −a; integers wrap.
                Neg negative 0,
                    f |a| -a, "-{a}"; i |a| a.wrapping_neg(), "-{a}"; u |a| a.wrapping_neg(), "(0u - {a})";
                    [] |g, _s| -g;
                /// The absolute value; the smallest integer stays as it is.
                #[doc(alias("absolute", "fabs"))]
                Abs abs 0,
                    f math::abs, "tw_abs({a})"; i math::abs_i32, "tw_abs_i32({a})"; u |a| a, "{a}";
                    [a] |g, s| g * s.a().sign();
                /// −1, 0 or 1 with the sign of a; NaN stays NaN.
                Sign sign 0,
                    f math::sign, "tw_sign({a})"; i math::sign_i32, "tw_sign_i32({a})";
                    u |a| a.min(1), "min({a}, 1u)";
                    [] |g, _s| g * 0.0;
                /// a·a.
                Square square 1,
                    f |a| a * a, "({a} * {a})"; i |a| a.wrapping_mul(a), "({a} * {a})";
                    u |a| a.wrapping_mul(a), "({a} * {a})";
                    [a] |g, s| g * s.a() * 2.0;
                /// The largest integer not above a.
                Floor floor 0,
                    f math::floor, "tw_floor({a})"; i |a| a, "{a}"; u |a| a, "{a}";
                    [] |g, _s| g * 0.0;
                /// The smallest integer not below a.
                Ceil ceil 0,
                    f math::ceil, "tw_ceil({a})"; i |a| a, "{a}"; u |a| a, "{a}";
                    [] |g, _s| g * 0.0;
                /// The nearest integer, halves to the even one.
                #[doc(alias("around", "rint"))]
                Round round 0,
                    f math::round, "tw_round({a})"; i |a| a, "{a}"; u |a| a, "{a}";
                    [] |g, _s| g * 0.0;
                /// The integer part: towards zero.
                #[doc(alias = "fix")]
                Trunc trunc 0,
                    f math::trunc, "tw_trunc({a})"; i |a| a, "{a}"; u |a| a, "{a}";
                    [] |g, _s| g * 0.0;
            }
            number2 {
                /// The sum.
                #[doc(alias = "add")]
                Add try_add 1,
                    f |a, b| a + b, "({a} + {b})"; i |a, b| a.wrapping_add(b), "({a} + {b})";
                    u |a, b| a.wrapping_add(b), "({a} + {b})";
                    [] |g, _s| (g.clone(), g.clone());
                /// The difference.
                #[doc(alias = "subtract")]
                Sub try_sub 1,
                    f |a, b| a - b, "({a} - {b})"; i |a, b| a.wrapping_sub(b), "({a} - {b})";
                    u |a, b| a.wrapping_sub(b), "({a} - {b})";
                    [] |g, _s| (g.clone(), -g);
                /// The product.
                #[doc(alias = "multiply")]
                Mul try_mul 1,
                    f |a, b| a * b, "({a} * {b})"; i |a, b| a.wrapping_mul(b), "({a} * {b})";
                    u |a, b| a.wrapping_mul(b), "({a} * {b})";
                    [a b] |g, s| (g * s.b(), g * s.a());
                /// The remainder with the sign of the divisor, as Python's `%`; an integer modulo 0 is 0.
                #[doc(alias = "mod")]
                Rem remainder 1,
                    f math::rem, "tw_rem({a}, {b})";
                    i math::rem_i32, "tw_rem_i32({a}, {b})";
                    u math::rem_u32, "tw_rem_u32({a}, {b})";
                    [a b] |g, s| (g.clone(), -(g * floor_divide(&s.a(), &s.b())));
                /// The quotient rounded down, as Python's `//`; an integer over 0 is 0.
                FloorDiv floor_divide 1,
                    f math::floor_div, "tw_floor_div({a}, {b})";
                    i math::floor_div_i32, "tw_floor_div_i32({a}, {b})";
                    u math::floor_div_u32, "tw_floor_div_u32({a}, {b})";
                    [] |g, _s| (g * 0.0, g * 0.0);
                /// The remainder with the sign of a, as `%` in C and Rust; an integer modulo 0 is 0.
                Fmod fmod 0,
                    f math::fmod, "tw_fmod({a}, {b})";
                    i math::fmod_i32, "tw_fmod_i32({a}, {b})";
                    u math::rem_u32, "tw_rem_u32({a}, {b})";
                    [a b y] |g, s| (g.clone(), -(g * ((s.a() - s.y()) / s.b()).round()));
                /// The quotient without its fraction, as `/` of integers in C and Rust; an integer over 0 is 0.
                TruncDiv trunc_divide 1,
                    f math::trunc_div, "tw_trunc_div({a}, {b})";
                    i math::trunc_div_i32, "tw_trunc_div_i32({a}, {b})";
                    u math::floor_div_u32, "tw_floor_div_u32({a}, {b})";
                    [] |g, _s| (g * 0.0, g * 0.0);
                /// a to the power b, by C99's rules for special values; integers wrap.
                #[doc(alias = "power")]
                Pow pow 4,
                    f math::pow, "tw_pow({a}, {b})";
                    i math::pow_i32, "tw_pow_i32({a}, {b})";
                    u math::pow_u32, "tw_pow_u32({a}, {b})";
                    [a b y] |g, s| pow_gradient(g, &s.a(), &s.b(), &s.y());
                /// The smaller of the two; NaN where either is.
                Minimum minimum 0,
                    f math::min, "tw_min({a}, {b})"; i |a, b| a.min(b), "min({a}, {b})";
                    u |a, b| a.min(b), "min({a}, {b})";
                    [a b] |g, s| extremum_gradient(g, &s.a(), &s.b(), false);
                /// The larger of the two; NaN where either is.
                Maximum maximum 0,
                    f math::max, "tw_max({a}, {b})"; i |a, b| a.max(b), "max({a}, {b})";
                    u |a, b| a.max(b), "max({a}, {b})";
                    [a b] |g, s| extremum_gradient(g, &s.a(), &s.b(), true);
                /// The smaller of the two, and where one of them is NaN the other; [`minimum`](Tensor::minimum) gives
                /// NaN there. Of two equals the left is taken, and gets the gradient.
                Fmin fmin 0,
                    f math::fmin, "tw_fmin({a}, {b})"; i |a, b| a.min(b), "min({a}, {b})";
                    u |a, b| a.min(b), "min({a}, {b})";
                    [a b] |g, s| number_gradient(g, &s.b(), must(s.a().le(s.b())));
                /// The larger of the two, and where one of them is NaN the other; [`maximum`](Tensor::maximum) gives
                /// NaN there. Of two equals the left is taken, and gets the gradient.
                Fmax fmax 0,
                    f math::fmax, "tw_fmax({a}, {b})"; i |a, b| a.max(b), "max({a}, {b})";
                    u |a, b| a.max(b), "max({a}, {b})";
                    [a b] |g, s| number_gradient(g, &s.b(), must(s.a().ge(s.b())));
            }
            bits1 {
                /// Each bit turned over; of a bool, its opposite. NumPy's `bitwise_not` and `invert`.
                #[doc(alias = "invert")]
                BitNot bitwise_not |a| !a, "~{a}";
            }
            bits2 {
                /// The bits that are set in both; of bools, whether both are true.
                BitAnd bitwise_and i |a, b| a & b, "({a} & {b})"; u |a, b| a & b, "({a} & {b})";
                /// The bits that are set in one of the two; of bools, whether one is true.
                BitOr bitwise_or i |a, b| a | b, "({a} | {b})"; u |a, b| a | b, "({a} | {b})";
                /// The bits that differ; of bools, whether exactly one is true.
                BitXor bitwise_xor i |a, b| a ^ b, "({a} ^ {b})"; u |a, b| a ^ b, "({a} ^ {b})";
                /// a·2ᵇ, wrapping; by a negative b or 32 and more all bits are shifted out, which leaves 0, as in NumPy.
                ShiftLeft left_shift
                    i math::shl_i32, "tw_shl_i32({a}, {b})"; u math::shl_u32, "tw_shl_u32({a}, {b})";
                /// ⌊a / 2ᵇ⌋; by a negative b or 32 and more all bits are shifted out, which leaves 0, or −1 of a
                /// negative a, as in NumPy.
                ShiftRight right_shift
                    i math::shr_i32, "tw_shr_i32({a}, {b})"; u math::shr_u32, "tw_shr_u32({a}, {b})";
                /// The greatest common divisor of the magnitudes; that of 0 and a is |a|.
                Gcd gcd i math::gcd_i32, "tw_gcd_i32({a}, {b})"; u math::gcd_u32, "tw_gcd_u32({a}, {b})";
            }
            test {
                /// Whether the element is NaN.
                #[doc(alias = "isnan")]
                IsNan is_nan math::is_nan, "tw_is_nan({a})";
                /// Whether the element is neither NaN nor infinite.
                #[doc(alias = "isfinite")]
                IsFinite is_finite math::is_finite, "tw_is_finite({a})";
                /// Whether the element is +∞ or −∞.
                #[doc(alias = "isinf")]
                IsInf is_inf math::is_inf, "tw_is_inf({a})";
                /// Whether the sign is set, that of −0 and of NaN too.
                SignBit signbit math::sign_bit, "(tw_sign_bit({a}) != 0u)";
            }
            compare {
                /// Whether the two are equal, element by element; NaN equals nothing.
                #[doc(alias = "equal")]
                Eq eq |a, b| a == b, "({a} == {b})";
                /// Whether the two differ, element by element.
                #[doc(alias = "not_equal")]
                Ne ne |a, b| a != b, "!({a} == {b})";
                /// Whether the left is smaller.
                #[doc(alias = "less")]
                Lt lt |a, b| a < b, "({a} < {b})";
                /// Whether the left is smaller or equal.
                #[doc(alias = "less_equal")]
                Le le |a, b| a <= b, "({a} <= {b})";
                /// Whether the left is larger.
                #[doc(alias = "greater")]
                Gt gt |a, b| a > b, "({a} > {b})";
                /// Whether the left is larger or equal.
                #[doc(alias = "greater_equal")]
                Ge ge |a, b| a >= b, "({a} >= {b})";
            }
            logic1 {
                /// Whether the element is false (or zero).
                Not logical_not |a| a ^ 1, "!{a}";
            }
            logic2 {
                /// Whether both are true (or not zero).
                And logical_and |a, b| a & b, "({a} && {b})";
                /// Whether one of the two is true (or not zero).
                Or logical_or |a, b| a | b, "({a} || {b})";
                /// Whether exactly one of the two is true (or not zero).
                Xor logical_xor |a, b| a ^ b, "({a} != {b})";
            }
        }
    };
}
pub(crate) use pointwise_table;
