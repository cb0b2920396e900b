//! Broadcasting agrees with NumPy's, in shapes, values and words.

use tilewise::{Device, ErrorKind, Result, Tensor};

use crate::support::golden::Golden;

tests![golden, values, broadcast_to];

fn golden(device: &Device) -> Result<()> {
    for case in Golden::read("broadcast.txt").cases() {
        let shape = |key| case.list::<usize>(key).expect("a list of sizes");
        let (a, b) = (shape("a"), shape("b"));
        let (x, y) = (Tensor::zeros(a, device)?, Tensor::ones(b, device)?);
        match case.text("error") {
            None => {
                let sum = x.try_add(&y)?;
                assert_eq!(sum.shape(), shape("result"), "{}", case.name);
                assert!(sum.to_vec::<f32>()?.iter().all(|&v| v == 1.0));
            }
            Some(numpy) => {
                let error = x.try_add(&y).expect_err(numpy);
                assert!(error.to_string().contains(numpy), "{}: {error}", case.name);
                assert!(matches!(
                    error.kind(),
                    ErrorKind::Broadcast { op: "add", .. }
                ));
            }
        }
    }
    Ok(())
}

/// Every pair of shapes of rank up to 3 with sizes 1 and another, by loops.
fn values(device: &Device) -> Result<()> {
    let full = [2usize, 3, 4];
    let mut shapes: Vec<Vec<usize>> = vec![];
    for rank in 0..=3 {
        for ones in 0..1 << rank {
            let size = |i: usize| {
                if ones >> i & 1 == 1 {
                    1
                } else {
                    full[3 - rank + i]
                }
            };
            shapes.push((0..rank).map(size).collect());
        }
    }
    let numbers = |shape: &[usize], by: i32| -> Vec<i32> {
        (0..shape.iter().product::<usize>() as i32)
            .map(|i| i * by + 1)
            .collect()
    };
    // The element of an operand for a place of the result, right-aligned.
    let at = |shape: &[usize], values: &[i32], place: &[usize]| {
        let shift = place.len() - shape.len();
        let index = shape.iter().enumerate().fold(0, |index, (i, &size)| {
            index * size + if size == 1 { 0 } else { place[shift + i] }
        });
        values[index]
    };
    for a in &shapes {
        for b in &shapes {
            let (x, y) = (numbers(a, 1), numbers(b, 100));
            let got =
                Tensor::from_slice(&x, a, device)?.try_sub(Tensor::from_slice(&y, b, device)?)?;
            let rank = a.len().max(b.len());
            let size = |s: &[usize], i: usize| {
                if i + s.len() < rank {
                    1
                } else {
                    s[i + s.len() - rank]
                }
            };
            let shape: Vec<usize> = (0..rank).map(|i| size(a, i).max(size(b, i))).collect();
            assert_eq!(got.shape(), shape);
            let want: Vec<i32> = (0..shape.iter().product())
                .map(|mut linear: usize| {
                    let mut place = vec![0; rank];
                    for i in (0..rank).rev() {
                        place[i] = linear % shape[i];
                        linear /= shape[i];
                    }
                    at(a, &x, &place) - at(b, &y, &place)
                })
                .collect();
            assert_eq!(got.to_vec::<i32>()?, want, "{a:?} − {b:?}");
        }
    }
    Ok(())
}

fn broadcast_to(device: &Device) -> Result<()> {
    let x = Tensor::new([[1], [2]], device)?;
    let wide = x.broadcast_to([3, 2, 2])?;
    assert_eq!(wide.to_vec::<i32>()?, [1, 1, 2, 2].repeat(3));
    assert_eq!(x.broadcast_to([0, 2, 5])?.size(), 0);
    for shape in [&[2][..], &[3, 1], &[2, 1, 3]] {
        let error = x
            .broadcast_to(shape)
            .expect_err("does not broadcast")
            .to_string();
        assert!(
            error.contains("broadcast_to") && error.contains("(2,1)"),
            "{error}"
        );
    }
    Ok(())
}
