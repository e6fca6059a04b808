//! Over a million random packets against random sites, devices and schedules: none goes where it may not (invariant 3).
//!
//! What is tested is the real way: events into the fold, its touch tables into the gate, packets to the gate's `pass`. What
//! may be sent is judged by an oracle of its own, [`Oracle`], which keeps nothing but the site in force, who was last seen
//! where, and what people said. `WARDWATCH_TOUCH_DECISIONS` asks for more packets than the million of every run.

mod oracle;
mod world;

use world::Tally;

#[test]
fn over_a_million_random_packets_none_goes_where_it_may_not() {
    let wanted = std::env::var("WARDWATCH_TOUCH_DECISIONS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(1_000_000u64);
    let mut tally = Tally::default();
    let mut seed = 1;
    while tally.decisions < wanted {
        world::run(seed, &mut tally);
        seed += 1;
    }
    println!("{} worlds: {tally:?}", seed - 1);
    // a test that lets nothing through, or everything, shows nothing
    let of = |n: u64| n * 100 / tally.decisions;
    assert!(of(tally.sent) >= 10, "{tally:?}");
    assert!(of(tally.refused) >= 25, "{tally:?}");
    assert!(tally.exact > tally.decisions / 50, "{tally:?}");
    assert!(
        tally.sets > 100 && tally.lifted > 100 && tally.approved > 20 && tally.remembered > 100,
        "{tally:?}"
    );
    assert_eq!(tally.ledger, tally.sent, "what was sent is what is noted");
}
