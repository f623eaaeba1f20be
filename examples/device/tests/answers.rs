//! Answers of the cloud that come late, twice, or in another order than the reports went out.

mod support;

use cssm::{Fault, FaultKind};
use support::*;

#[test]
fn an_answer_that_is_two_days_late_acknowledges_its_reports_and_loses_none_meanwhile() {
    let world = World::new([]);
    let runner = world.trusted_device(setup(1));
    world.pass(&[&runner], 60);
    let slow = Fault::new(FaultKind::Slow(2 * 86_400), "usage_reporting");
    world.cloud.lock().unwrap().add_faults([slow.times(1)]);
    world.say(&runner, "license network-advantage 1");
    world.pass(&[&runner], DAY);
    let waiting = lock(&runner).saved().life.kept.len();
    assert!(waiting >= 1 && lock(&runner).saved().life.acknowledged == 0, "{waiting}");
    world.pass(&[&runner], 40 * DAY);
    assert_eq!(lock(&runner).saved().life.kept.len(), 0, "{:#?}", lock(&runner).agent());
    let acknowledged = usize::try_from(lock(&runner).saved().life.acknowledged).unwrap();
    assert_eq!(delivered(&world, &udi(1)), acknowledged);
}

#[test]
fn an_answer_that_comes_twice_changes_nothing_the_second_time() {
    let world = World::new([]);
    let runner = world.trusted_device(setup(1));
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 1");
    let mut answers = 0;
    for _ in 0..30 {
        world.clock.advance(600);
        lock(&runner).tick(world.now()).unwrap();
        loop {
            let outgoing = lock(&runner).take_outgoing();
            if outgoing.is_empty() {
                break;
            }
            for message in outgoing {
                let answer = world.network.send(&message.request);
                lock(&runner).answered(message.exchange, answer.as_ref(), world.now()).unwrap();
                let once = serde_json::to_value(lock(&runner).saved()).unwrap();
                // the same again, and one to a message that was never sent
                for exchange in [message.exchange, message.exchange + 1_000] {
                    lock(&runner).answered(exchange, answer.as_ref(), world.now()).unwrap();
                }
                assert_eq!(serde_json::to_value(lock(&runner).saved()).unwrap(), once);
                answers += 1;
            }
        }
    }
    assert!(answers >= 3 && lock(&runner).saved().life.acknowledged >= 1, "{answers}");
}

#[test]
fn files_that_are_answered_in_another_order_acknowledge_each_report_once() {
    let world = World::new([]);
    let runner = world.device(setup(1));
    world.say(&runner, "license network-advantage 1");
    let answers: Vec<Vec<u8>> = (0..3)
        .map(|number| {
            world.clock.advance(DAY);
            let file = lock(&runner).save_usage(&[], world.now()).unwrap();
            let upload = world.cloud.lock().unwrap().upload(&format!("{number}.txt"), &file, world.now());
            world.cloud.lock().unwrap().answer(&upload.answer.unwrap()).unwrap().to_vec()
        })
        .collect();
    // the second file also holds what the first one held
    lock(&runner).import(&answers[1], world.now()).unwrap();
    assert_eq!(lock(&runner).saved().life.acknowledged, 2);
    let last_ack = lock(&runner).saved().last_ack;
    world.clock.advance(DAY);
    lock(&runner).import(&answers[0], world.now()).unwrap();
    let saved = lock(&runner).saved().clone();
    assert_eq!((saved.life.acknowledged, saved.life.kept.len()), (2, 1));
    assert_eq!(saved.last_ack, last_ack, "an older answer that says nothing new puts nothing off");
    lock(&runner).import(&answers[2], world.now()).unwrap();
    let saved = lock(&runner).saved().clone();
    assert_eq!((saved.life.acknowledged, saved.life.kept.len(), saved.life.purged), (3, 0, 0));
}
