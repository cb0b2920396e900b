// A scan of `n` elements along an axis of each row. A tile of an axis has `width` lanes, each with
// `share` neighbouring elements, and a workgroup holds as many rows as fit.
//
// A lane folds its share, the lanes' totals are scanned in workgroup memory, and the lane goes through
// its share again with what came before it: that is all where an axis is one tile (mode 3). Else mode 0
// stores the tiles' totals, mode 1 puts in the place of each what comes before that tile, and mode 2
// starts from there. A lane folds BLOCK elements before it adds them to its sum, so that the rounding error
// grows with blocks and not with elements.
//
// Rust fills the marked slots; as it stands, the kernel sums.

//[header
struct Params { words: array<vec4<u32>, 2> }
@group(1) @binding(0) var<uniform> params: Params;
alias Acc = f32;
@group(0) @binding(0) var<storage, read_write> scratch: array<Acc>;
@group(0) @binding(1) var<storage, read> b0: array<f32>;
@group(0) @binding(2) var<storage, read_write> b1: array<f32>;
const GROUP = 64u;
//]

// Elements that are folded one after the other.
const BLOCK = 32u;

var<workgroup> lanes: array<Acc, GROUP>;

fn word(i: u32) -> u32 {
    return params.words[i / 4u][i % 4u];
}

//[library
//]

//[fold
fn identity() -> Acc {
    return 0.0;
}

fn fold(a: Acc, b: Acc) -> Acc {
    return a + b;
}
//]

//[element
fn element(e: u32) -> Acc {
    return b0[e];
}
//]

//[body
fn finish(i: u32, total: Acc) {
    b1[i] = total;
}
//]

@compute @workgroup_size(GROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let rows = word(0u);
    let inner = word(1u);
    let mode = word(2u);
    let length = word(3u); // elements of an axis, tiles in mode 1
    let width = word(4u); // lanes a tile, a power of two
    let share = word(5u); // elements a lane
    let blocks = word(6u); // workgroups for a tile of each row
    let n = word(7u);

    let number = group.y * groups.x + group.x;
    let tile = number / blocks;
    let held = GROUP / width;
    // Neighbouring rows lie next to each other where the axis is not the innermost.
    let columns = inner > 1u;
    let lane = select(local % width, local / held, columns);
    let mine = select(local / width, local % held, columns);
    let row = (number % blocks) * held + mine;
    let first = (row / inner) * n * inner + row % inner;
    let seat = mine * width + lane;

    let start = select(length, min(tile * width * share + lane * share, length), row < rows);
    let stop = min(start + share, length);
    var sum = identity();
    var block = identity();
    for (var k = start; k < stop; k += 1u) {
        if mode == 1u {
            block = fold(block, scratch[k * rows + row]);
        } else {
            block = fold(block, element(first + k * inner));
        }
        if (k - start) % BLOCK == BLOCK - 1u {
            sum = fold(sum, block);
            block = identity();
        }
    }
    sum = fold(sum, block);

    lanes[seat] = sum;
    for (var step = 1u; step < width; step *= 2u) {
        workgroupBarrier();
        if lane >= step {
            sum = fold(lanes[seat - step], sum);
        }
        workgroupBarrier();
        lanes[seat] = sum;
    }
    workgroupBarrier();
    if mode == 0u {
        if lane == width - 1u && row < rows {
            scratch[tile * rows + row] = sum;
        }
        return;
    }

    var before = identity();
    if mode == 2u && row < rows {
        before = scratch[tile * rows + row];
    }
    if lane > 0u {
        before = fold(before, lanes[seat - 1u]);
    }
    block = identity();
    for (var k = start; k < stop; k += 1u) {
        let total = fold(before, block);
        if mode == 1u {
            let at = k * rows + row;
            block = fold(block, scratch[at]);
            scratch[at] = total;
        } else {
            let i = first + k * inner;
            block = fold(block, element(i));
            finish(i, fold(before, block));
        }
        if (k - start) % BLOCK == BLOCK - 1u {
            before = fold(before, block);
            block = identity();
        }
    }
}
