from notifications.transports.pace import Pace


def sent(pace, seconds, recipients=("thi@example.org",)):
    """Return how many mails may leave within so many seconds, asked every hundredth of one."""
    return sum(
        not any(pace.wait(recipient, hundredth / 100))
        for hundredth in range(seconds * 100)
        for recipient in recipients
    )


def test_without_a_limit_nothing_waits():
    assert sent(Pace(), 2) == 200


def test_a_relay_gets_one_second_at_once_and_then_so_many_a_second():
    assert sent(Pace(per_second=5), 10) in range(53, 56)


def test_each_domain_has_its_own_pace_and_what_waits_for_one_takes_nothing_from_the_relay():
    pace = Pace(per_second=50, per_domain=1)

    found = sent(pace, 10, ("a@slow.example", "b@SLOW.example", "c@other.example"))

    assert found in range(19, 23)


def test_less_than_one_mail_a_second_is_a_pace_too():
    assert sent(Pace(per_domain=0.5), 10) in range(5, 7)


def test_a_clock_that_goes_back_gives_nothing_away():
    pace = Pace(per_second=1)
    assert not any(pace.wait("a@example.org", 100.0))

    assert any(pace.wait("a@example.org", 1.0))
