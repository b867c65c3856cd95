"""Shamir's promise as properties: any k of n give the secret back, and k - 1 of them fit every secret."""

from hypothesis import given
from hypothesis import strategies as st

from strongroom.keys.shares import SECRET_LEN, Share, _interpolate, _inverse, _times, combine, split

SECRETS = st.binary(min_size=SECRET_LEN, max_size=SECRET_LEN)


@st.composite
def sets(draw: st.DrawFn) -> tuple[bytes, tuple[Share, ...], list[Share]]:
    secret = draw(SECRETS)
    count = draw(st.integers(2, 9))
    threshold = draw(st.integers(2, count))
    drawn = draw(st.randoms(use_true_random=False))
    made = split(secret, threshold=threshold, count=count, entropy=drawn.randbytes)
    return secret, made, drawn.sample(made, draw(st.integers(threshold, count)))


@given(sets())
def test_any_k_shares_in_any_order_give_the_secret(case: tuple[bytes, tuple[Share, ...], list[Share]]) -> None:
    secret, _, chosen = case
    assert combine(chosen) == secret


@given(sets(), SECRETS)
def test_one_share_fewer_fits_every_secret(
    case: tuple[bytes, tuple[Share, ...], list[Share]], other: bytes
) -> None:
    _, made, _ = case
    known = made[: made[0].threshold - 1]
    # With any other secret at 0 there is a last share that completes it: the known ones rule nothing out.
    at_zero = Share(made[0].set_id, made[0].threshold, 0, other)
    last = made[made[0].threshold - 1]
    completing = Share(last.set_id, last.threshold, last.number, _interpolate([at_zero, *known], last.number))
    assert combine([*known, completing]) == other


@given(sets())
def test_the_written_form_is_read_back(case: tuple[bytes, tuple[Share, ...], list[Share]]) -> None:
    for share in case[1]:
        assert Share.parse(share.text().lower().replace("-", " ")) == share


def test_the_field_is_a_field() -> None:
    assert all(_times(value, _inverse(value)) == 1 for value in range(1, 256))
    assert _times(0x53, 0xCA) == 1  # the example of FIPS 197's field
    assert _times(0x57, 0x83) == 0xC1  # FIPS 197, section 4.2
    assert _times(0x57, 0x13) == 0xFE  # FIPS 197, section 4.2.1
