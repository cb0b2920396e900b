//! Floating-point numbers as text, by the rules of NumPy's `FloatingFormat`.
//!
//! A number is written with the fewest digits that give it back in its own type, at most as many
//! after the point as the precision says. All numbers of an array share one notation: scientific if
//! the largest magnitude has more digits than the type holds, or the smallest that is not zero is
//! below 10⁻⁴, or the ratio of the two is above 1000.

use half::f16;

/// A number of any float type, with what its type makes of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    /// The value.
    exact: f64,
    /// The decimal with the fewest digits that gives the value back in its own type, as the `f64`
    /// nearest to it: that `f64` prints as those digits.
    shortest: f64,
    /// From this magnitude on numbers are scientific.
    cutoff: f64,
    /// Rounds to the number's type.
    round: fn(f64) -> f64,
}

impl From<f32> for Number {
    fn from(value: f32) -> Self {
        // Nine digits tell any two f32 apart.
        Self::new(value as f64, 9, 1e6, |v| v as f32 as f64)
    }
}

impl From<f16> for Number {
    fn from(value: f16) -> Self {
        Self::new(value.to_f64(), 5, 1e3, |v| f16::from_f64(v).to_f64())
    }
}

impl Number {
    /// A value of a type whose values so many digits tell apart.
    fn new(exact: f64, digits: usize, cutoff: f64, round: fn(f64) -> f64) -> Self {
        // Halfway between two decimals the even one is taken, as by NumPy and unlike `to_string`.
        let rounded = |after: usize| format!("{exact:.after$e}").parse().unwrap_or(exact);
        let shortest = (0..digits).map(rounded).find(|&v| round(v) == exact);
        Self {
            exact,
            shortest: shortest.unwrap_or(exact),
            cutoff,
            round,
        }
    }
}

impl Number {
    /// As NumPy prints a scalar.
    pub(super) fn scalar(&self) -> String {
        let size = self.exact.abs();
        if !size.is_finite() {
            return self.special();
        }
        if size != 0.0 && (size >= self.cutoff || size < 1e-4) {
            let digits = self.scientific(usize::MAX);
            let point = if digits.fraction.is_empty() { "" } else { "." };
            return format!(
                "{}{point}{}{}",
                digits.whole,
                digits.fraction,
                exponent(digits.exponent, 2)
            );
        }
        let digits = self.positional(usize::MAX);
        let fraction = if digits.fraction.is_empty() {
            "0"
        } else {
            &digits.fraction
        };
        format!("{}.{fraction}", digits.whole)
    }

    fn special(&self) -> String {
        match self.exact {
            v if v.is_nan() => "nan",
            v if v < 0.0 => "-inf",
            _ => "inf",
        }
        .into()
    }

    fn positional(&self, precision: usize) -> Digits {
        let digits = Digits::parse(&self.shortest.to_string());
        if digits.fraction.len() <= precision {
            return digits;
        }
        Digits::parse(&format!("{:.precision$}", self.exact))
    }

    fn scientific(&self, precision: usize) -> Digits {
        let digits = Digits::parse(&format!("{:e}", self.shortest));
        if digits.fraction.len() <= precision {
            return digits;
        }
        Digits::parse(&format!("{:.precision$e}", self.exact))
    }
}

/// The parts of a decimal.
struct Digits {
    /// The sign and the digits before the point.
    whole: String,
    /// Those after it, without trailing zeros.
    fraction: String,
    exponent: i32,
}

impl Digits {
    /// Of `-12.5`, `3` or `1.5e-7`.
    fn parse(text: &str) -> Self {
        let (decimal, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
        Self {
            whole: whole.into(),
            fraction: fraction.trim_end_matches('0').into(),
            exponent: exponent.parse().unwrap_or(0),
        }
    }
}

/// `e-07`: a sign and at least so many digits.
fn exponent(value: i32, digits: usize) -> String {
    let sign = if value < 0 { '-' } else { '+' };
    format!("e{sign}{:0digits$}", value.unsigned_abs())
}

/// The numbers in one notation and of one width, points above each other. `suppress`: however small one is,
/// it does not ask for scientific notation.
pub(super) fn column(numbers: &[Number], precision: usize, suppress: bool) -> Vec<String> {
    let finite = || numbers.iter().filter(|n| n.exact.is_finite());
    let scientific = is_scientific(numbers, suppress);
    let parts: Vec<Digits> = finite()
        .map(|n| {
            if scientific {
                n.scientific(precision)
            } else {
                n.positional(precision)
            }
        })
        .collect();
    let longest = |length: &dyn Fn(&Digits) -> usize| parts.iter().map(length).max().unwrap_or(0);
    let exponents = longest(&|d| d.exponent.unsigned_abs().to_string().len()).max(2);
    let fraction = longest(&|d| d.fraction.len());
    // Behind the point: the fraction, and the exponent with its letter and sign.
    let right = if scientific {
        fraction + 2 + exponents
    } else {
        fraction
    };
    let special = numbers
        .iter()
        .filter(|n| !n.exact.is_finite())
        .map(|n| n.special().len());
    let special = special.max().unwrap_or(0).saturating_sub(right + 1);
    let left = longest(&|d| d.whole.len()).max(special);

    let mut parts = parts.into_iter();
    let mut write = |number: &Number| {
        let finite = number.exact.is_finite().then(|| parts.next()).flatten();
        match finite {
            None => format!("{:>1$}", number.special(), left + right + 1),
            Some(_) if scientific => {
                // NumPy fills up with the number's own further digits, not with zeros.
                let text = format!("{:.fraction$e}", number.exact);
                let (decimal, power) = text.split_once('e').unwrap_or((&text, "0"));
                let (whole, digits) = decimal.split_once('.').unwrap_or((decimal, ""));
                let power = exponent(power.parse().unwrap_or(0), exponents);
                format!("{whole:>left$}.{digits}{power}")
            }
            Some(d) => format!("{:>left$}.{:<right$}", d.whole, d.fraction),
        }
    };
    numbers.iter().map(&mut write).collect()
}

fn is_scientific(numbers: &[Number], suppress: bool) -> bool {
    let sizes = || {
        numbers
            .iter()
            .map(|n| n.exact.abs())
            .filter(|v| v.is_finite() && *v > 0.0)
    };
    let (largest, smallest) = (
        sizes().fold(0.0, f64::max),
        sizes().fold(f64::INFINITY, f64::min),
    );
    let Some(Number { cutoff, round, .. }) = numbers.first().filter(|_| largest > 0.0) else {
        return false;
    };
    // The constants and the ratio are of the array's own type, as in NumPy.
    let small = smallest < round(1e-4) || round(largest / smallest) > 1000.0;
    largest >= *cutoff || !suppress && small
}
