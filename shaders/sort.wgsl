// A sort of long rows by the digits of their keys, the lowest first. A row is cut into tiles of GROUP lanes,
// each with `share` neighbouring items; three modes follow one another for each digit.
//
// 0: each tile counts its digits. 1: the counts of a row, all tiles of the smallest digit first, become the
// places where the items of that digit and tile go. 2: each lane counts its digits again, the counts of
// the lanes before it give the places of its own, and it moves its items there, in their order. The first
// digit is read from the prologue, the last one's items go through the body if they are among the wanted.
//
// Rust fills the marked slots; as it stands, the kernel sorts keys.

//[header
struct Params { words: array<vec4<u32>, 3> }
@group(1) @binding(0) var<uniform> params: Params;
alias Item = u32;
@group(0) @binding(0) var<storage, read_write> scratch: array<u32>;
@group(0) @binding(1) var<storage, read_write> scratch1: array<Item>;
@group(0) @binding(2) var<storage, read_write> scratch2: array<Item>;
@group(0) @binding(3) var<storage, read> b3: array<u32>;
@group(0) @binding(4) var<storage, read_write> b4: array<u32>;
const GROUP = 64u;
//]
//[digits
const BITS = 4u;
//]
const DIGITS = 1u << BITS;

// The digits of each lane.
var<workgroup> counts: array<u32, DIGITS * GROUP>;

fn word(i: u32) -> u32 {
    return params.words[i / 4u][i % 4u];
}

//[library
//]

//[item
fn item(key: u32, place: u32) -> Item {
    return key;
}

fn key(item: Item) -> u32 {
    return item;
}

fn result(item: Item) -> u32 {
    return item;
}
//]

//[element
fn element(e: u32) -> u32 {
    return b3[e];
}
//]

//[body
fn finish(i: u32, total: u32) {
    b4[i] = total;
}
//]

// From where the items are read: the prologue, or one of two memories.
fn fetch(row: u32, k: u32) -> Item {
    let at = row * word(1u) + k;
    let source = word(3u);
    if source == 0u {
        return item(element(at), k);
    }
    if source == 1u {
        return scratch1[at];
    }
    return scratch2[at];
}

fn put(row: u32, k: u32, value: Item) {
    let at = row * word(1u) + k;
    let goal = word(4u);
    if goal == 1u {
        scratch1[at] = value;
    } else if goal == 2u {
        scratch2[at] = value;
    } else {
        let first = word(8u);
        let last = word(9u);
        if k >= first && k < last {
            finish(row * (last - first) + k - first, result(value));
        }
    }
}

fn digit(value: Item) -> u32 {
    return (key(value) >> word(5u)) & (DIGITS - 1u);
}

@compute @workgroup_size(GROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let rows = word(0u);
    let n = word(1u);
    let mode = word(2u);
    let tiles = word(6u);
    let share = word(7u); // items of a lane; counts of a lane in mode 1
    let number = group.y * groups.x + group.x;

    if mode == 1u {
        let length = DIGITS * tiles;
        let base = number * length;
        let start = select(length, min(local * share, length), number < rows);
        let stop = min(start + share, length);
        var sum = 0u;
        for (var k = start; k < stop; k += 1u) {
            sum += scratch[base + k];
        }
        counts[local] = sum;
        for (var step = 1u; step < GROUP; step *= 2u) {
            workgroupBarrier();
            if local >= step {
                sum += counts[local - step];
            }
            workgroupBarrier();
            counts[local] = sum;
        }
        workgroupBarrier();
        var before = 0u;
        if local > 0u {
            before = counts[local - 1u];
        }
        for (var k = start; k < stop; k += 1u) {
            let count = scratch[base + k];
            scratch[base + k] = before;
            before += count;
        }
        return;
    }

    let row = number / tiles;
    let tile = number % tiles;
    let start = select(n, min((tile * GROUP + local) * share, n), row < rows);
    let stop = min(start + share, n);
    for (var d = 0u; d < DIGITS; d += 1u) {
        counts[d * GROUP + local] = 0u;
    }
    for (var k = start; k < stop; k += 1u) {
        counts[digit(fetch(row, k)) * GROUP + local] += 1u;
    }
    workgroupBarrier();
    for (var d = local; d < DIGITS; d += GROUP) {
        let at = (row * DIGITS + d) * tiles + tile;
        var place = 0u;
        if mode == 2u && row < rows {
            place = scratch[at];
        }
        for (var l = 0u; l < GROUP; l += 1u) {
            let count = counts[d * GROUP + l];
            counts[d * GROUP + l] = place;
            place += count;
        }
        if mode == 0u && row < rows {
            scratch[at] = place;
        }
    }
    if mode == 0u {
        return;
    }
    workgroupBarrier();
    for (var k = start; k < stop; k += 1u) {
        let value = fetch(row, k);
        let seat = digit(value) * GROUP + local;
        put(row, counts[seat], value);
        counts[seat] += 1u;
    }
}
