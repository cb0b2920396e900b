//! The three rules of broadcasting, what they give, and the errors of shapes that do not fit.
//!
//!     cargo run --release --example broadcasting

use tilewise::prelude::*;

fn main() -> Result<()> {
    let dev = Device::default();
    println!("device: {dev}\n");

    println!("1. Shapes are aligned at the end; missing sizes count as 1.");
    let matrix = Tensor::arange(1.0, 10.0, 1.0, &dev)?.reshape([3, 3])?;
    let threes = Tensor::full([3], 3.0, DType::F32, &dev)?;
    show("(3,3) * (3,)", &(&matrix * &threes));

    println!("2. A size of 1 is stretched to the other's.");
    let row = Tensor::new([1, 2, 3], &dev)?;
    let column = Tensor::new([[1], [2]], &dev)?;
    show("(2,1) + (3,)", &(&column + &row));
    let n = Tensor::arange(0, 3, 1, &dev)?;
    show("(3,) + (3,1)", &(&n + n.slice(s![.., NewAxis])?));
    let two = Tensor::new([2], &dev)?;
    show("(1,) + (3,)", &(&two + &row));
    show("tile((1,), 3) + (3,)", &(two.tile(3)? + &row));

    println!("3. Sizes that differ, none of them 1, are an error.");
    let ones = Tensor::ones([3, 2], &dev)?;
    if let Err(error) = ones.try_add(&n) {
        println!("(3,2) + (3,): {error}\n");
    }
    println!("With a new axis the vector is a column, and fits:");
    show("(3,2) + (3,1)", &(&ones + n.slice(s![.., NewAxis])?));
    if let Err(error) = Tensor::ones([2, 3], &dev)?.try_add(&Tensor::ones([2], &dev)?) {
        println!("(2,3) + (2,): {error}\n");
    }

    println!("Nothing is copied to be stretched: a view has a stride of 0.");
    let wide = two.broadcast_to([1000, 1000])?;
    let shapes = Tensor::broadcast_shapes(&[&[1000, 1], &[1, 1000], &[]])?;
    println!(
        "{shapes} elements of {} stored, sum {}",
        two.size(),
        wide.sum(..)?.item::<i32>()?
    );
    Ok(())
}

fn show(what: &str, result: &Tensor) {
    println!("{what} =\n{result}\n");
}
