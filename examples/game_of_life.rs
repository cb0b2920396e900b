//! Conway's Game of Life, by slicing, comparison and masks, and as a convolution: the R-pentomino, five
//! cells that take 1,103 generations to settle. Shown in the terminal, as an animation and as a plot.
//!
//!     cargo run --release --example game_of_life

use tilewise::plot::{Animation, ColorMap, Curves, ImageGrid, Picture};
use tilewise::prelude::*;
use tilewise::{Mode, Pad};

/// Far enough that no glider reaches the border.
const SIDE: usize = 600;
/// After these the rest repeats itself, but for the gliders that fly off.
const GENERATIONS: usize = 1103;
/// What the animation shows of the board.
const VIEW: (usize, usize) = (120, 160);
/// The cells that live at the start.
pub const PENTOMINO: [[i32; 3]; 3] = [[0, 1, 1], [1, 1, 0], [0, 1, 0]];

fn main() -> Result<()> {
    let dev = Device::default();
    println!("device: {dev}");

    let start = board(&PENTOMINO, SIDE, &dev)?;
    let (mut by_slices, mut by_convolution) = (start.clone(), start.clone());
    for _ in 0..100 {
        by_slices = step(&by_slices)?;
        by_convolution = step_by_convolution(&by_convolution)?;
    }
    let agree = by_slices.array_equal(&by_convolution, false)?;
    assert!(agree, "slices and convolution give the same boards");
    println!("slices and convolution agree after 100 generations");

    let mut alive = start;
    let mut populations = Vec::new();
    let mut film = Animation::new().delay(0.05);
    for generation in 0..=GENERATIONS {
        populations.push(population(&alive)?);
        if [0, 10, 100].contains(&generation) {
            let text = view(&middle(&alive, 32, 40)?)?;
            println!("\ngeneration {generation}:\n{text}");
        }
        if generation % 4 == 0 {
            film.add(&frame(&middle(&alive, VIEW.0, VIEW.1)?, generation))?;
        }
        alive = step(&alive)?;
    }
    let last = populations[GENERATIONS];
    assert_eq!(last, 116, "as is known of the R-pentomino");
    println!("\n{last} cells live after {GENERATIONS} generations");
    let path = std::env::temp_dir().join("tilewise-game-of-life.gif");
    film.save(&path)?;
    println!("animation: {}", path.display());
    plot(&populations)
}

/// A board of dead cells, `side` in each direction, with a pattern near its middle.
pub fn board<const H: usize, const W: usize>(
    pattern: &[[i32; W]; H],
    side: usize,
    dev: &Device,
) -> Result<Tensor> {
    let pattern = Tensor::new(*pattern, dev)?.to_dtype(DType::Bool);
    let (top, left) = (side / 2, side / 2);
    let around = [(top, side - top - H), (left, side - left - W)];
    pattern.pad(around, Pad::constant(false))
}

/// The next generation, with the neighbours of all cells counted by slices.
pub fn step(alive: &Tensor) -> Result<Tensor> {
    let (height, width) = (alive.shape()[0], alive.shape()[1]);
    // With a border of dead cells, the neighbours in one direction are the board moved by one: a slice.
    let framed = alive.to_dtype(DType::I32).pad(1, Pad::constant(0))?;
    // The cell itself is counted among the nine, but is no neighbour.
    let mut neighbours = -alive.to_dtype(DType::I32);
    for y in 0..3 {
        for x in 0..3 {
            neighbours += framed.slice(s![y..y + height, x..x + width])?;
        }
    }
    lives(alive, &neighbours)
}

/// The next generation, with the neighbours counted by a convolution with ones around a zero.
pub fn step_by_convolution(alive: &Tensor) -> Result<Tensor> {
    let ring = Tensor::new([[1, 1, 1], [1, 0, 1], [1, 1, 1]], alive.device())?;
    let cells = alive.to_dtype(DType::I32);
    let neighbours = cells.convolve2d(&ring, Mode::Same, Pad::constant(0))?;
    lives(alive, &neighbours)
}

/// The rule: a cell lives with three neighbours, and one that lives already with two as well.
fn lives(alive: &Tensor, neighbours: &Tensor) -> Result<Tensor> {
    Ok(neighbours.eq(3)? | (alive & neighbours.eq(2)?))
}

/// How many cells live.
pub fn population(alive: &Tensor) -> Result<i32> {
    alive.count_nonzero(..)?.item()
}

/// The middle of a board.
fn middle(alive: &Tensor, rows: usize, columns: usize) -> Result<Tensor> {
    let (top, left) = (
        (alive.shape()[0] - rows) / 2,
        (alive.shape()[1] - columns) / 2,
    );
    alive.slice(s![top..top + rows, left..left + columns])
}

/// A board as text: a character shows two cells, one above the other.
pub fn view(alive: &Tensor) -> Result<String> {
    let cells: Vec<bool> = alive.to_vec()?;
    let width = alive.shape()[1];
    let mut text = String::new();
    for two in cells.chunks(2 * width) {
        let (above, below) = two.split_at(width);
        let below = below.iter().chain(std::iter::repeat(&false));
        text.extend(above.iter().zip(below).map(|cells| match cells {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => '·',
        }));
        text.push('\n');
    }
    Ok(text)
}

/// A board as a picture, in squares of four pixels.
fn frame(alive: &Tensor, generation: usize) -> impl Picture {
    ImageGrid::new(alive)
        .color_map(ColorMap::Blues)
        .range(0.0, 1.0)
        .scale(4)
        .title(format!("generation {generation}"))
}

/// Draws how many cells lived in each generation.
fn plot(populations: &[i32]) -> Result<()> {
    let path = std::env::temp_dir().join("tilewise-game-of-life.png");
    Curves::new()
        .curve("", populations)
        .first_epoch(0.0)
        .title("The R-pentomino")
        .x_label("generation")
        .y_label("living cells")
        .size(900, 500)
        .save(&path)?;
    println!("picture: {}", path.display());
    Ok(())
}
