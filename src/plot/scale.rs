//! From values to places along an axis, and the ticks and labels of one: the only place that makes them.

/// How values lie along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) log: bool,
    /// Whether ticks are at whole numbers alone.
    pub(crate) whole: bool,
}

/// A tick and what is written at it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    /// From 0 to 1 along the axis.
    pub(crate) place: f64,
    pub(crate) label: String,
}

/// Far enough within what a double holds that differences do too.
const MOST: f64 = 1e300;

impl Scale {
    /// From the lowest to the highest value there is, and a share of that range more on both sides; from 0 to 1 (1 to
    /// 10 on logarithms) where there is none. What is no number, or on logarithms not above 0, does not count.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>, log: bool, margin: f64) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for v in values {
            if v.is_finite() && (!log || v > 0.0) {
                (low, high) = (low.min(v), high.max(v));
            }
        }
        if low > high {
            (low, high) = if log { (1.0, 10.0) } else { (0.0, 1.0) };
        }
        let scale = Self::new(low, high, log);
        match low < high {
            true => scale.widened(margin),
            false => scale,
        }
    }

    /// Over the range that is asked for, or as [`of`](Scale::of) the values.
    pub(crate) fn over(
        range: Option<(f64, f64)>,
        values: impl IntoIterator<Item = f64>,
        log: bool,
        margin: f64,
    ) -> Self {
        match range {
            Some((low, high)) => Self::new(low, high, log),
            None => Self::of(values, log, margin),
        }
    }

    /// Between two values, which are made different where they are not.
    pub(crate) fn new(low: f64, high: f64, log: bool) -> Self {
        let (mut low, mut high) = (
            low.min(high).clamp(-MOST, MOST),
            low.max(high).clamp(-MOST, MOST),
        );
        if log {
            low = low.max(1e-300);
            high = high.max(low);
            if high / low < 1.0 + 1e-9 {
                (low, high) = (low / 3.0, high * 3.0);
            }
        } else if high - low <= 1e-12 * low.abs().max(high.abs()) || high == low {
            let half = if low == 0.0 { 0.5 } else { low.abs() / 10.0 };
            (low, high) = (low - half, high + half);
        }
        let whole = false;
        Self {
            low,
            high,
            log,
            whole,
        }
    }

    fn widened(self, margin: f64) -> Self {
        if self.log {
            let more = (self.high.ln() - self.low.ln()) * margin;
            // As far as there are numbers that are not rounded to 0 or infinity.
            let end = |v: f64| v.clamp(-700.0, 700.0).exp();
            let (low, high) = (end(self.low.ln() - more), end(self.high.ln() + more));
            return Self { low, high, ..self };
        }
        let more = (self.high - self.low) * margin;
        let (low, high) = (self.low - more, self.high + more);
        Self { low, high, ..self }
    }

    pub(crate) fn whole(self) -> Self {
        Self {
            whole: true,
            ..self
        }
    }

    /// Where a value lies, from 0 to 1 within the range; none where it has no place.
    pub(crate) fn place(&self, v: f64) -> Option<f64> {
        if v.is_nan() {
            return None;
        }
        let place = if self.log {
            (v.ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            (v - self.low) / (self.high - self.low)
        };
        // Far outside is as good as outside, and pixels can be counted.
        place.is_finite().then(|| place.clamp(-1e4, 1e4))
    }

    /// The value at a place from 0 to 1.
    pub(crate) fn at(&self, place: f64) -> f64 {
        match self.log {
            true => (self.low.ln() + (self.high.ln() - self.low.ln()) * place).exp(),
            false => self.low + (self.high - self.low) * place,
        }
    }

    /// At most so many ticks at round values.
    pub(crate) fn ticks(&self, most: usize) -> Vec<Tick> {
        let values = match self.log {
            true => self.powers(most.max(2)),
            false => self.steps(most.max(2)),
        };
        let labels = labels(&values, self.log);
        let tick = |(v, label): (&f64, String)| Some((self.place(*v)?, label));
        let ticks = values.iter().zip(labels).filter_map(tick);
        ticks.map(|(place, label)| Tick { place, label }).collect()
    }

    /// Multiples of 1, 2 or 5 times a power of ten.
    fn steps(&self, most: usize) -> Vec<f64> {
        let rough = (self.high - self.low) / most as f64;
        let power = 10f64.powf(rough.log10().floor());
        let fits = |step: &f64| {
            let first = (self.low / step - 1e-9).ceil();
            (self.high / step + 1e-9).floor() - first < most as f64
        };
        let mut steps = [1.0, 2.0, 5.0, 10.0, 20.0].map(|m| m * power).to_vec();
        if self.whole {
            steps.retain(|step| *step >= 1.0);
            steps.insert(0, 1.0);
        }
        let Some(step) = steps.iter().copied().find(fits).or(steps.last().copied()) else {
            return vec![];
        };
        let first = (self.low / step - 1e-9).ceil();
        let last = (self.high / step + 1e-9).floor();
        let count = (last - first).clamp(-1.0, most as f64 * 4.0) as i64;
        // Rounded to the step, so that no tick is at 0.30000000000000004.
        (0..=count)
            .map(|i| ((first + i as f64) * step).clamp(self.low, self.high))
            .map(|v| if v.abs() < step / 2.0 { 0.0 } else { v })
            .collect()
    }

    /// Powers of ten; with their doubles and fives, or as a line has them, where there are few.
    fn powers(&self, most: usize) -> Vec<f64> {
        let (low, high) = (self.low.log10() - 1e-9, self.high.log10() + 1e-9);
        let (first, last) = (low.ceil() as i32, high.floor() as i32);
        let within = |v: &f64| v.log10() >= low && v.log10() <= high;
        let count = (last - first + 1).max(0) as usize;
        if count >= 3 || count >= most {
            let every = count.div_ceil(most).max(1);
            return (first..=last)
                .filter(|k| k.rem_euclid(every as i32) == 0)
                .map(|k| 10f64.powi(k))
                .collect();
        }
        let all = |factors: &[f64]| -> Vec<f64> {
            let powers = (first - 1)..=last;
            let of = |k: i32| factors.iter().map(move |m| m * 10f64.powi(k));
            powers.flat_map(of).filter(within).collect()
        };
        for factors in [&[1.0, 2.0, 3.0, 5.0][..], &[1.0, 2.0, 5.0], &[1.0, 3.0]] {
            let values = all(factors);
            if values.len() <= most && values.len() >= 2 {
                return values;
            }
        }
        let line = Self {
            log: false,
            ..*self
        };
        line.steps(most)
    }
}

/// The labels of the ticks of an axis, all with as many digits as the closest two need.
pub(crate) fn labels(values: &[f64], log: bool) -> Vec<String> {
    let largest = values.iter().fold(0f64, |m, v| m.max(v.abs()));
    let mut step = f64::INFINITY;
    for two in values.windows(2) {
        step = step.min((two[1] - two[0]).abs());
    }
    let small = values.iter().filter(|v| **v != 0.0);
    let smallest = small.fold(f64::INFINITY, |m, v| m.min(v.abs()));
    if log {
        let plain = smallest >= 1e-3 && largest < 1e5;
        let label = |v: &f64| if plain { short(*v) } else { power(*v, 0) };
        return values.iter().map(label).collect();
    }
    if !step.is_finite() || step == 0.0 {
        return values.iter().map(|v| number(*v)).collect();
    }
    // The place of the step's last digit.
    let digits = -(step * 1.0001).log10().floor();
    if largest >= 1e6 || (largest < 1e-3 && largest > 0.0) {
        let digits = (digits + largest.log10().floor()).clamp(0.0, 15.0) as usize;
        return values.iter().map(|v| power(*v, digits)).collect();
    }
    let digits = digits.clamp(0.0, 17.0) as usize;
    let label = |v: &f64| signed(format!("{v:.digits$}"));
    values.iter().map(label).collect()
}

/// A number by itself, with four digits at most: `0.125`, `1024`, `3×10⁶`, `1.5×10⁻⁵`.
pub(crate) fn number(v: f64) -> String {
    if !v.is_finite() {
        return signed(format!("{v}"));
    }
    let size = v.abs();
    if size != 0.0 && !(1e-3..1e6).contains(&size) {
        return power(v, 2);
    }
    if v.fract() == 0.0 {
        return signed(format!("{v}"));
    }
    let digits = (3.0 - size.log10().floor()).clamp(0.0, 6.0) as usize;
    short(format!("{v:.digits$}").parse().unwrap_or(v))
}

/// Without what rounding left behind the twelfth digit.
fn short(v: f64) -> String {
    let rounded = format!("{v:.11e}").parse().unwrap_or(v);
    signed(format!("{rounded}"))
}

/// With a sign as long as that of plus.
fn signed(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().any(|b| (b'1'..=b'9').contains(&b)) || rest == "inf" => {
            format!("−{rest}")
        }
        Some(rest) => rest.into(),
        None => text,
    }
}

/// A number as a product with a power of ten, of so many digits behind the point, or fewer.
fn power(v: f64, digits: usize) -> String {
    if v == 0.0 {
        return "0".into();
    }
    let text = format!("{v:.digits$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = match mantissa.contains('.') {
        true => mantissa.trim_end_matches('0').trim_end_matches('.'),
        false => mantissa,
    };
    let raised = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        c => c
            .to_digit(10)
            .and_then(|d| char::from_u32(0x2070 + d))
            .unwrap_or(c),
    };
    let exponent: String = exponent.chars().map(raised).collect();
    match mantissa {
        "1" => format!("10{exponent}"),
        "-1" => format!("−10{exponent}"),
        other => format!("{}×10{exponent}", signed(other.into())),
    }
}
