//! Many devices on one runtime.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use device::{Device, Fleet, MemoryStore, Network, Runner};
use http::{Request, Response};
use slp_kit::{Clock, ManualClock, Random};
use support::*;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn fleet(world: &World, number: u32, network: &Arc<dyn Network>) -> Fleet {
    let time: Arc<ManualClock> = Arc::clone(&world.clock);
    let clock: Arc<dyn Clock> = time;
    let mut runners = Vec::new();
    for number in 1..=number {
        let store = Box::new(MemoryStore::new());
        let random = Random::seeded(u64::from(number));
        let mut device = Device::start(setup(number), world.trusted.clone(), store, random, world.now()).unwrap();
        device.configure(World::smart(), world.now()).unwrap();
        device.command("license smart trust idtoken token-of-a-test local", world.now()).unwrap();
        runners.push(Runner::new(Arc::new(Mutex::new(device)), Arc::clone(network), Arc::clone(&clock)));
    }
    Fleet::new(runners, clock)
}

#[test]
fn every_device_of_a_fleet_has_its_own_life() {
    let world = World::new([]);
    let fleet = fleet(&world, 40, &world.network);
    let runtime = runtime();
    assert!(runtime.block_on(fleet.turn()).is_empty());
    for (number, runner) in fleet.runners().iter().enumerate() {
        lock(runner).use_license("network-advantage", number as u64 % 3 + 1, world.now()).unwrap();
    }
    world.clock.advance(DAY);
    assert!(runtime.block_on(fleet.turn()).is_empty());
    for number in 1..=40 {
        assert_eq!(delivered(&world, &udi(number)), 1, "{number}");
    }
}

#[test]
fn a_device_that_waits_for_its_network_makes_no_other_one_wait() {
    let world = World::new([]);
    let (inner, slow) = (Arc::clone(&world.network), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&slow);
    let network = move |request: &Request<Vec<u8>>| -> Option<Response<Vec<u8>>> {
        if String::from_utf8_lossy(request.body()).contains("TST00000001") {
            counted.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_secs(2));
        }
        inner.send(request)
    };
    let network: Arc<dyn Network> = Arc::new(network);
    let fleet = fleet(&world, 10, &network);
    let turned = Mutex::new(Vec::new());
    let runtime = runtime();
    for runner in fleet.runners() {
        lock(runner).use_license("network-advantage", 1, world.now()).unwrap();
    }
    fleet.changed();
    world.clock.advance(60);
    let all = runtime.block_on(async {
        let living = fleet.live(|number, result| {
            result.unwrap();
            turned.lock().unwrap().push(number);
        });
        let others = async {
            while turned.lock().unwrap().len() < 9 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            () = living => false,
            () = others => true,
            () = tokio::time::sleep(Duration::from_secs(30)) => false,
        }
    });
    assert!(all);
    assert_eq!(slow.load(Ordering::SeqCst), 1, "the first one still waits");
    assert!(!turned.lock().unwrap().contains(&0));
    runtime.shutdown_timeout(Duration::from_secs(5));
}
