//! Pictures of data, of training and of what was learned, as PNG, SVG and GIF, light and dark.
//!
//! | kind | shows |
//! |---|---|
//! | [`Curves`] | losses, metrics beside them, weights, over epochs |
//! | [`Chart`] | lines, points, segments, bands and texts: a fit, a scatter plot |
//! | [`DecisionSurface`] | what a predictor says over two features, with the data on it |
//! | [`HeatMap`] | a table as cells, contours or filled contours, with a path over it |
//! | [`Surface`] | a table as heights, seen from the side |
//! | [`Bars`], [`Histogram`] | values by name, in groups; how often values occur |
//! | [`Confusion`], [`ImageGrid`] | which classes are taken for which; images with captions |
//! | [`Panels`], [`Animation`] | several pictures beside one another; one after the other |
//!
//! All are a [`Picture`]: it has the options that they share (size, theme, title, labels, ranges, logarithmic axes, the
//! place of the legend) and saves them. Data are slices, arrays and vectors of numbers, or tensors, which are read once.
//! What is NaN or infinite is left out. The font is part of the program, and the same picture has the same bytes on
//! every machine.
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
