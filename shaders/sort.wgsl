// A sort of long rows by the digits of their keys, the lowest first. A row is cut into tiles of GROUP lanes,
// each with `share` neighbouring items; three modes follow one another for each digit.
//
// 0: each tile counts its digits. 1: the counts of a row, all tiles of the smallest digit first, become the
// places where the items of that digit and tile go. 2: each lane counts its digits again, the counts of
// the lanes before it give the places of its own, and it moves its items there, in their order. The first
// digit is read from the prologue, the last one's items go through the body if they are among the wanted.
//
// To part a row, the key of one rank is found first, the highest digit first: the counts of a digit, among the keys
// that agree with what is known of it, tell the next one of its digits, and no item moves. Then the side on
// which an item belongs, 0, 1 or 2, serves as the one digit to sort by.
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
//[parted
const PARTED = false;
//]

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

// The digit of an item or, where all of the key is known that parts the row, its side.
fn digit(value: Item, known: u32, sides: bool) -> u32 {
    if PARTED && sides {
        return u32(key(value) >= known) + u32(key(value) > known);
    }
    return (key(value) >> word(5u)) & (DIGITS - 1u);
}

// Adds to what is known of the key that parts a row: its digit is the last one before which there are no
// more keys than its rank. `state` holds the key and its rank among those that agree with it.
fn choose(base: u32, tiles: u32, state: u32) {
    let begins = word(3u) == 0u;
    let rank = select(scratch[state + 1u], word(11u), begins);
    let known = select(scratch[state], 0u, begins);
    var chosen = 0u;
    for (var d = 1u; d < DIGITS; d += 1u) {
        chosen = select(chosen, d, scratch[base + d * tiles] <= rank);
    }
    scratch[state] = known | (chosen << word(5u));
    scratch[state + 1u] = rank - scratch[base + chosen * tiles];
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
    let sides = word(10u) == 1u;
    let states = rows * DIGITS * tiles; // behind the counts
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
        if PARTED && !sides {
            storageBarrier();
            if local == 0u && number < rows {
                choose(base, tiles, states + 2u * number);
            }
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
    var known = 0u;
    var agreed = 0u; // bits of it that are known
    if PARTED && row < rows && word(3u) != 0u {
        known = scratch[states + 2u * row];
        agreed = select(~0u << (word(5u) + BITS), 0u, sides);
    }
    let begins = PARTED && word(3u) == 0u;
    for (var k = start; k < stop; k += 1u) {
        let value = fetch(row, k);
        if begins {
            put(row, k, value);
        }
        if ((key(value) ^ known) & agreed) == 0u {
            counts[digit(value, known, sides) * GROUP + local] += 1u;
        }
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
        let seat = digit(value, known, sides) * GROUP + local;
        put(row, counts[seat], value);
        counts[seat] += 1u;
    }
}
