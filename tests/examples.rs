//! The figures that the examples print, by the functions with which they compute them.

mod char_lm;
mod cnn;
mod diabetes;
mod fashion;
mod logistic;
mod moons;
mod neuron;
mod save_load;
mod sine;
mod spiral;

use tilewise::prelude::*;

use crate::literature::DISTANCES;
use crate::support::compare::assert_near;

macro_rules! examples {
    ($($name:ident: $path:literal),+ $(,)?) => { $(
        #[path = $path]
        #[expect(dead_code, unreachable_pub, reason = "a program of its own, of which main is not called")]
        mod $name;
    )+ };
}

examples! {
    basics: "../examples/basics.rs",
    distances: "../examples/distances.rs",
    game_of_life: "../examples/game_of_life.rs",
    meshgrid: "../examples/meshgrid.rs",
    nearest_neighbours: "../examples/nearest_neighbours.rs",
}

tests![
    sigmoid_and_its_slope,
    unit_rows_and_losses,
    distances_to_a_point,
    grid_and_ripple,
    neighbours,
    neighbours_store_no_cube,
    a_glider_moves,
    life_at_the_border,
    slices_and_convolution_agree,
    the_pentomino_grows,
    boards_as_text,
    pages_name_them,
];

/// The tests of the modules inside too.
pub(crate) fn all() -> Vec<crate::support::Test> {
    let modules = [
        tests(),
        char_lm::tests(),
        cnn::tests(),
        diabetes::tests(),
        fashion::tests(),
        logistic::tests(),
        moons::tests(),
        neuron::tests(),
        save_load::tests(),
        sine::tests(),
        spiral::tests(),
    ];
    modules.into_iter().flatten().collect()
}

/// README's table has each example, and the page for readers of books names none that there is not.
fn pages_name_them() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(root.join("examples")).expect("examples/ is there");
    let paths = files.map(|file| file.expect("a readable entry").path());
    let names: Vec<String> = paths
        .map(|path| {
            path.file_stem()
                .expect("a name")
                .to_str()
                .expect("ASCII")
                .into()
        })
        .collect();
    for name in &names {
        let row = format!("\n| `{name}` |");
        assert!(
            include_str!("../README.md").contains(&row),
            "README has no row for {name}"
        );
    }
    let page = include_str!("../docs/from-numpy.md");
    let rows = page.lines().filter(|line| line.starts_with("| ["));
    let last = rows.map(|row| row.trim_end_matches(" |").rsplit(" | ").next());
    let named: Vec<&str> = last
        .flat_map(|cell| cell.unwrap_or_default().split(", "))
        .map(|name| name.trim_matches('`'))
        .collect();
    assert!(named.len() > 20, "{named:?}");
    for name in named {
        assert!(
            names.iter().any(|own| own == name),
            "there is no example {name}"
        );
    }
}

/// A folder for the files of a test on a device.
fn folder(test: &str, dev: &Device) -> std::path::PathBuf {
    let (kind, process) = (dev.info().kind, std::process::id());
    let folder = std::env::temp_dir().join(format!("tilewise-{test}-{kind:?}-{process}"));
    std::fs::create_dir_all(&folder).expect("temporary files can be written");
    folder
}

#[track_caller]
fn holds(got: &Tensor, want: &[f64]) -> Result<()> {
    assert_near("an example", &got.to_vec::<f32>()?, want, 1e-6, 1e-6);
    Ok(())
}

fn sigmoid_and_its_slope(dev: &Device) -> Result<()> {
    let x = Tensor::new([1f32, 2., 3.], dev)?;
    let (y, slope) = basics::sigmoid_and_slope(&x)?;
    holds(&y, &[0.73105858, 0.88079708, 0.95257413])?;
    holds(&slope, &[0.19661193, 0.10499359, 0.04517666])
}

fn unit_rows_and_losses(dev: &Device) -> Result<()> {
    let x = Tensor::new([[0f32, 3., 4.], [1., 6., 4.]], dev)?;
    let rows = [0., 0.6, 0.8, 0.13736056, 0.82416338, 0.54944226];
    holds(&basics::unit_rows(&x)?, &rows)?;
    let predicted = Tensor::new([0.9f32, 0.2, 0.1, 0.4, 0.9], dev)?;
    let wanted = Tensor::new([1f32, 0., 0., 1., 1.], dev)?;
    let (l1, l2) = basics::losses(&predicted, &wanted)?;
    holds(&l1, &[1.1])?;
    holds(&l2, &[0.43])
}

fn distances_to_a_point(dev: &Device) -> Result<()> {
    let x = Tensor::arange(0.0, 10.0, 1.0, dev)?;
    holds(
        &distances::distances(&x, &(&x + 1.0), (1.0, 1.0)),
        &DISTANCES,
    )
}

/// 1,600 numbers, twelve points, and a surface with no hole where it is 0/0.
fn grid_and_ripple(dev: &Device) -> Result<()> {
    let (x, y) = (Tensor::arange(0, 4, 1, dev)?, Tensor::arange(0, 3, 1, dev)?);
    let (x, y) = meshgrid::grid(&x, &y)?;
    let points = meshgrid::points(&x, &y)?;
    assert_eq!(points.shape(), [12, 2]);
    let want: Vec<i32> = (0..12).flat_map(|i| [i % 4, i / 4]).collect();
    assert_eq!(points.to_vec::<i32>()?, want);

    let line = Tensor::arange(-8.0, 8.0, 0.01, dev)?;
    assert_eq!(line.shape(), [1600]);
    let (x, y) = meshgrid::grid(&line, &line)?;
    let z = meshgrid::ripple(&x, &y)?;
    assert_eq!(z.shape(), [1600, 1600]);
    assert_eq!(z.max(..)?.item::<f32>()?, 1.0);
    // The first minimum of sin(t)/t.
    holds(&z.min(..)?, &[-0.217234])?;
    assert!(!z.is_nan().any(..)?.item::<bool>()?);
    // A grid that meets the origin exactly.
    let line = Tensor::arange(-8.0, 9.0, 1.0, dev)?;
    let (x, y) = meshgrid::grid(&line, &line)?;
    let z = meshgrid::ripple(&x, &y)?;
    assert!(z.is_finite().all(..)?.item::<bool>()?);
    holds(&z.slice(s![8, 8])?, &[1.0])?;
    let beside = 1f64.sin();
    holds(&z.slice(s![8, 7..;2])?.slice(s![..2])?, &[beside; 2])
}

/// As NumPy has them of the same points.
fn neighbours(dev: &Device) -> Result<()> {
    let points = Tensor::new(nearest_neighbours::POINTS, dev)?;
    let squares = nearest_neighbours::squared_distances(&points)?;
    let first = [0., 0.1072492, 0.11020231, 0.12561385, 0.18633288];
    holds(&squares.sort(1)?.slice(s![0, ..5])?, &first)?;
    let order = squares.argsort(1)?;
    assert_eq!(
        order.slice(s![0])?.to_vec::<u32>()?,
        [0, 3, 4, 5, 8, 1, 9, 7, 2, 6]
    );
    let own: Vec<u32> = (0..10).collect();
    assert_eq!(order.slice(s![.., 0])?.to_vec::<u32>()?, own);
    let nearest = [
        3, 4, 4, 6, 7, 9, 5, 0, 1, 0, 3, 0, 1, 9, 2, 9, 9, 4, 8, 7u32,
    ];
    let got = nearest_neighbours::nearest(&points, 2)?;
    assert_eq!(got.to_vec::<u32>()?, nearest);
    Ok(())
}

/// The differences of all pairs are computed where they are added up.
fn neighbours_store_no_cube(dev: &Device) -> Result<()> {
    let points = Generator::new(0).uniform([500, 3], dev)?;
    let plan = nearest_neighbours::squared_distances(&points)?.explain();
    assert!(!plan.contains("(500,500,3)"), "{plan}");
    Ok(())
}

const GLIDER: [[i32; 3]; 3] = [[0, 1, 0], [0, 0, 1], [1, 1, 1]];

/// By one cell in each direction in four generations.
fn a_glider_moves(dev: &Device) -> Result<()> {
    let start = game_of_life::board(&GLIDER, 20, dev)?;
    let mut alive = start.clone();
    for _ in 0..4 {
        assert_eq!(game_of_life::population(&alive)?, 5);
        alive = game_of_life::step(&alive)?;
    }
    assert!(alive.array_equal(&start.roll(1, 0)?.roll(1, 1)?, false)?);
    Ok(())
}

/// Beyond it all cells are dead: a glider that meets it ends as a block.
fn life_at_the_border(dev: &Device) -> Result<()> {
    let mut alive = game_of_life::board(&GLIDER, 8, dev)?;
    for _ in 0..30 {
        alive = game_of_life::step(&alive)?;
    }
    let mut block = Tensor::zeros([8, 8], dev)?.to_dtype(DType::Bool);
    block.set(s![6.., 6..], true)?;
    assert!(alive.array_equal(&block, false)?);
    Ok(())
}

fn slices_and_convolution_agree(dev: &Device) -> Result<()> {
    let mut alive = Generator::new(7).uniform([37, 53], dev)?.lt(0.4)?;
    for generation in 0..12 {
        let next = game_of_life::step(&alive)?;
        let other = game_of_life::step_by_convolution(&alive)?;
        assert!(next.array_equal(&other, false)?, "generation {generation}");
        alive = next;
    }
    assert!(game_of_life::population(&alive)? > 0);
    Ok(())
}

/// As SciPy counts it. That 116 cells are left at the end the example asserts itself: without
/// optimisation it takes minutes.
fn the_pentomino_grows(dev: &Device) -> Result<()> {
    let mut alive = game_of_life::board(&game_of_life::PENTOMINO, 100, dev)?;
    let mut populations = Vec::new();
    for _ in 0..=100 {
        populations.push(game_of_life::population(&alive)?);
        alive = game_of_life::step(&alive)?;
    }
    assert_eq!(
        populations[..12],
        [5, 6, 7, 9, 8, 9, 12, 11, 18, 11, 11, 10]
    );
    assert_eq!(populations[100], 121);
    Ok(())
}

fn boards_as_text(dev: &Device) -> Result<()> {
    let glider = Tensor::new(GLIDER, dev)?.to_dtype(DType::Bool);
    assert_eq!(game_of_life::view(&glider)?, "·▀▄\n▀▀▀\n");
    Ok(())
}
