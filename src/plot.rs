//! Pictures of data, of training and of what was learned, as PNG, SVG and GIF, light and dark.
//!
//! ```
//! use tilewise::plot::{Curves, Picture, Theme};
//!
//! let curves = Curves::new()
//!     .curve("loss", &[0.9, 0.5, 0.3, 0.25])
//!     .curve("val_loss", &[0.95, 0.6, 0.45, 0.44])
//!     .title("Training");
//! # let folder = std::env::temp_dir();
//! curves.save(folder.join("tilewise-loss.png"))?;
//! curves.theme(Theme::Dark).save(folder.join("tilewise-loss.svg"))?;
//! # Ok::<(), tilewise::Error>(())
//! ```

mod axes;
mod canvas;
mod chart;
mod color;
mod color_bar;
mod curves;
mod decision;
mod font;
mod grid;
mod histogram;
mod legend;
mod marching;
mod marker;
mod paint;
mod panels;
mod picture;
mod scale;
mod series;
mod values;

pub use self::canvas::Dash;
pub use self::chart::Chart;
pub use self::color::{Color, ColorMap, Theme};
pub use self::curves::Curves;
pub use self::decision::DecisionSurface;
pub use self::histogram::Histogram;
pub use self::marker::Marker;
pub use self::panels::Panels;
pub use self::picture::{Image, Legend, Picture};
pub use self::values::{IntoMatrix, IntoValues};
