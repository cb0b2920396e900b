//! Colours, themes and colour maps.

/// A colour of red, green and blue, 8 bits each.
///
/// ```
/// use tilewise::plot::Color;
/// assert_eq!(Color::new(230, 159, 0), Color::ORANGE);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Color {
    /// Red.
    pub r: u8,
    /// Green.
    pub g: u8,
    /// Blue.
    pub b: u8,
}

/// The colours of Okabe and Ito (2008), which the colour-blind tell apart as well, but for their black.
impl Color {
    /// #0072B2.
    pub const BLUE: Self = Self::new(0, 114, 178);
    /// #D55E00.
    pub const VERMILLION: Self = Self::new(213, 94, 0);
    /// #009E73.
    pub const GREEN: Self = Self::new(0, 158, 115);
    /// #CC79A7.
    pub const PURPLE: Self = Self::new(204, 121, 167);
    /// #E69F00.
    pub const ORANGE: Self = Self::new(230, 159, 0);
    /// #56B4E9.
    pub const SKY: Self = Self::new(86, 180, 233);
    /// #F0E442.
    pub const YELLOW: Self = Self::new(240, 228, 66);
    /// #7F7F7F.
    pub const GREY: Self = Self::new(127, 127, 127);
    /// #000000.
    pub const BLACK: Self = Self::new(0, 0, 0);
    /// #FFFFFF.
    pub const WHITE: Self = Self::new(255, 255, 255);

    /// Of its red, green and blue.
    pub const fn new(r: u8, g: u8, b: u8) -> Self {
        Self { r, g, b }
    }

    /// This colour with a share of another, from 0 (none of it) to 1 (nothing else).
    pub fn mix(self, other: Color, share: f64) -> Self {
        let share = share.clamp(0.0, 1.0);
        let one =
            |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
        Self::new(
            one(self.r, other.r),
            one(self.g, other.g),
            one(self.b, other.b),
        )
    }

    /// How bright it is to the eye, from 0 to 1.
    pub(crate) fn luminance(self) -> f64 {
        let linear = |v: u8| (f64::from(v) / 255.0).powf(2.2);
        0.2126 * linear(self.r) + 0.7152 * linear(self.g) + 0.0722 * linear(self.b)
    }

    /// Black or white, whichever is easier to read on it.
    pub(crate) fn readable(self) -> Self {
        match self.luminance() > 0.3 {
            true => Self::new(20, 20, 20),
            false => Self::WHITE,
        }
    }
}

/// Whether a picture is dark on light or light on dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    /// On white.
    #[default]
    Light,
    /// On nearly black.
    Dark,
}

/// The colours of a theme.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    pub(crate) paper: Color,
    pub(crate) text: Color,
    /// Axes, ticks and the frames of legends.
    pub(crate) line: Color,
    pub(crate) grid: Color,
    /// Of the series, in their order.
    pub(crate) series: [Color; 8],
}

impl Theme {
    pub(crate) fn palette(self) -> Palette {
        match self {
            Self::Light => Palette {
                paper: Color::WHITE,
                text: Color::new(34, 34, 34),
                line: Color::new(90, 90, 90),
                grid: Color::new(230, 230, 230),
                series: [
                    Color::BLUE,
                    Color::VERMILLION,
                    Color::GREEN,
                    Color::PURPLE,
                    Color::ORANGE,
                    Color::SKY,
                    Color::new(90, 90, 90),
                    Color::new(196, 180, 0),
                ],
            },
            Self::Dark => Palette {
                paper: Color::new(20, 22, 27),
                text: Color::new(230, 230, 230),
                line: Color::new(150, 153, 160),
                grid: Color::new(48, 52, 60),
                series: [
                    Color::SKY,
                    Color::ORANGE,
                    Color::new(38, 190, 145),
                    Color::PURPLE,
                    Color::YELLOW,
                    Color::new(240, 110, 40),
                    Color::new(200, 203, 210),
                    Color::new(60, 140, 220),
                ],
            },
        }
    }
}

impl Palette {
    /// The colour of the series of a number; they come again after eight.
    pub(crate) fn of(&self, number: usize) -> Color {
        self.series[number % self.series.len()]
    }
}

/// Which colours values have, from the lowest to the highest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColorMap {
    /// Dark blue, green, yellow: equal steps look equal, and keep their order in grey.
    #[default]
    Viridis,
    /// Blue, a pale middle, red: for signed values; unless a range is given, 0 has the middle.
    Diverging,
    /// White to blue, as counts are shown; in the dark theme from the dark.
    Blues,
    /// Black to white.
    Grey,
}

const VIRIDIS: [Color; 9] = [
    Color::new(68, 1, 84),
    Color::new(71, 44, 122),
    Color::new(59, 81, 139),
    Color::new(44, 113, 142),
    Color::new(33, 144, 141),
    Color::new(39, 173, 129),
    Color::new(92, 200, 99),
    Color::new(170, 220, 50),
    Color::new(253, 231, 37),
];

/// After ColorBrewer's RdBu, from blue to red.
const DIVERGING: [Color; 9] = [
    Color::new(33, 102, 172),
    Color::new(67, 147, 195),
    Color::new(146, 197, 222),
    Color::new(209, 229, 240),
    Color::new(247, 247, 247),
    Color::new(253, 219, 199),
    Color::new(244, 165, 130),
    Color::new(214, 96, 77),
    Color::new(178, 24, 43),
];

impl ColorMap {
    /// The colour of a place from 0, the lowest value, to 1.
    pub(crate) fn at(self, place: f64, theme: Theme) -> Color {
        let between = |colors: &[Color]| {
            let place = place.clamp(0.0, 1.0) * (colors.len() - 1) as f64;
            let left = (place as usize).min(colors.len() - 2);
            colors[left].mix(colors[left + 1], place - left as f64)
        };
        match (self, theme) {
            (Self::Viridis, _) => between(&VIRIDIS),
            (Self::Diverging, _) => between(&DIVERGING),
            (Self::Blues, Theme::Light) => between(&[
                Color::new(247, 251, 255),
                Color::new(158, 202, 225),
                Color::new(66, 146, 198),
                Color::new(8, 69, 148),
            ]),
            (Self::Blues, Theme::Dark) => between(&[
                Color::new(30, 36, 48),
                Color::new(20, 84, 140),
                Color::new(66, 146, 198),
                Color::new(190, 222, 245),
            ]),
            (Self::Grey, _) => between(&[Color::BLACK, Color::WHITE]),
        }
    }
}
