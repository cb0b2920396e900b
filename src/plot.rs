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

mod animation;
mod axes;
mod axis;
mod bars;
mod canvas;
mod chart;
mod clip;
mod color;
mod color_bar;
mod confusion;
mod curves;
mod decision;
mod font;
mod grid;
mod heat_map;
mod histogram;
mod image_grid;
mod legend;
mod marching;
mod marker;
mod paint;
mod panels;
mod picture;
mod regions;
mod scale;
mod series;
mod surface;
mod values;

pub use self::animation::Animation;
pub use self::bars::Bars;
pub use self::canvas::Dash;
pub use self::chart::Chart;
pub use self::color::{Color, ColorMap, Theme};
pub use self::confusion::Confusion;
pub use self::curves::Curves;
pub use self::decision::DecisionSurface;
pub use self::heat_map::HeatMap;
pub use self::histogram::Histogram;
pub use self::image_grid::ImageGrid;
pub use self::marker::Marker;
pub use self::panels::Panels;
pub use self::picture::{Image, Legend, Picture};
pub use self::surface::Surface;
pub use self::values::{IntoMatrix, IntoValues};
