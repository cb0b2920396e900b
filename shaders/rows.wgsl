// Rows: several kernels in one, each of which reduces the rows of a shape or maps them.
//
// `width` invocations share a row, and a workgroup holds as many rows as fit. What a step reduces a
// row to stays in a register of each lane for the steps that follow; what a step stores of a row is
// read again only by the lane that stored it.
//
// A lane takes four neighbouring elements at a time, each folded into a sum of its own, in blocks, so
// that the rounding error of a sum grows with the number of blocks and not of elements.
//
// Rust fills the marked slots; as it stands, the kernel subtracts the mean.

//[header
struct Params { words: array<vec4<u32>, 2> }
@group(1) @binding(0) var<uniform> params: Params;
@group(0) @binding(0) var<storage, read> b0: array<f32>;
@group(0) @binding(1) var<storage, read_write> b1: array<f32>;
const GROUP = 64u;
//]

// Groups of four that a lane folds before it adds them to its sums.
const BLOCK = 32u;

var<workgroup> lanes: array<f32, GROUP>;

fn word(i: u32) -> u32 {
    return params.words[i / 4u][i % 4u];
}

//[library
//]

//[folds
fn fold_sum(a: f32, b: f32) -> f32 {
    return a + b;
}

// Folds what the lanes of a row hold, as a tree; each gets the result.
fn across_sum(value: f32, seat: u32, lane: u32, width: u32) -> f32 {
    lanes[seat] = value;
    for (var half = width / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            lanes[seat] = fold_sum(lanes[seat], lanes[seat + half]);
        }
    }
    workgroupBarrier();
    let total = lanes[seat - lane];
    workgroupBarrier();
    return total;
}
//]

@compute @workgroup_size(GROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let rows = word(0u);
    let width = word(2u); // lanes a row, a power of two
    let columns = word(3u) != 0u; // neighbouring rows lie next to each other

    let number = group.y * groups.x + group.x;
    let held = GROUP / width;
    let lane = select(local % width, local / held, columns);
    let mine = select(local / width, local % held, columns);
    let seat = mine * width + lane;
    // A seat beyond the last row goes through the motions with no elements.
    let live = number * held + mine < rows;
    let o = min(number * held + mine, rows - 1u);
    let elements = select(0u, word(1u), live);
    let start = lane * word(4u); // the lane's first element
    let step = word(5u);
    let stop = min(start + word(6u), elements); // no element of the lane is here or beyond

    //[steps
    var sum = 0.0;
    {
        var k = start;
        while k < stop {
            var block = 0.0;
            for (var n = 0u; n < BLOCK && k < stop; n += 1u) {
                for (var j = k; j < min(k + 4u, stop); j += 1u) {
                    block = fold_sum(block, b0[o * elements + j]);
                }
                k += step;
            }
            sum = fold_sum(sum, block);
        }
    }
    let mean = across_sum(sum, seat, lane, width) / f32(word(1u));
    for (var k = start; k < stop; k += step) {
        for (var j = k; j < min(k + 4u, stop); j += 1u) {
            b1[o * elements + j] = b0[o * elements + j] - mean;
        }
    }
    //]
}
