//! Rolls dice, which another component makes.

#[allow(warnings)]
#[rustfmt::skip]
mod bindings;

use bindings::dice;

fn main() {
    let rolls: Vec<u32> = (0..100).map(|_| dice::roll(6)).collect();
    let all_fit = rolls.iter().all(|roll| (1..=6).contains(roll));
    println!("{} rolls from 1 to 6: {all_fit}", rolls.len());
}
