"""What a request and its reply may say."""

from stages.mllm.ask import EngineDied, word_probabilities


def test_a_word_gets_the_probability_of_all_its_spellings() -> None:
    tokens = {"Yes": 0.5, " yes": 0.25, "Yesterday": 0.125, "No": 0.0625}
    assert word_probabilities(("Yes", "No", "Maybe"), tokens) == {"Yes": 0.75, "No": 0.0625, "Maybe": 0.0}


def test_no_stage_takes_the_death_of_the_engine_for_the_failure_of_a_row() -> None:
    assert not issubclass(EngineDied, Exception)
