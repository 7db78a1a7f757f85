"""`ablate` from outside: each variant is the run that it would be alone, made once, and compared in one table."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from open_thoughts_gen import cli
from open_thoughts_gen.cli.program import EXIT_INTERRUPTED, EXIT_USER_ERROR
from open_thoughts_gen.money.budget import Budget
from open_thoughts_gen.recipe import load_recipe
from open_thoughts_gen.recipe.variants import variants
from open_thoughts_gen.teachers.recorded import Recorded
from open_thoughts_gen.types import Request, Trace
from tests.farm import write_farm
from tests.servers.chat_server import ChatServer, completion

LONG = "{use: length, min_question: 900}"
STRICT = "- {use: length, min_question: 18}\n"
FILES = ("data/train-00000-of-00001.parquet", "messages/train-00000-of-00001.parquet", "recipe.yaml", "README.md")


class Interrupted(Recorded):
    """Is interrupted where a file says so, in the run whose teacher has this name."""

    flag: str

    def traces(self, requests: Iterable[Request]) -> Iterator[Trace]:
        flag = Path(self.flag)
        if flag.exists() and flag.read_text() == self.teacher:
            raise KeyboardInterrupt
        return super().traces(requests)


def ablate(folder: Path, *words: object, code: int = 0) -> None:
    options = ("--out", folder / "out", "--cache", folder / "responses.sqlite", "--workers", 1)
    assert cli.main(["ablate", str(folder / "farm.yaml"), *map(str, words), *map(str, options)]) == code


def filters(folder: Path) -> tuple[object, ...]:
    return "--vary", "question_filters", "--with", folder / "strict.yaml", "recipe", "[]"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ablation")
    write_farm(folder)
    (folder / "strict.yaml").write_text(STRICT)
    ablate(folder, *filters(folder))
    return folder


@pytest.fixture
def farm(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "farm"))


def refused(capsys: pytest.CaptureFixture[str], folder: Path, *words: object) -> str:
    capsys.readouterr()
    ablate(folder, *words, code=EXIT_USER_ERROR)
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error
    return error


PREFIX = "[readability, {use: per_group, by: domain, k: 18, pick: by_lot}, near_dedup, {use: random_subset, num: 12}, "
VERIFIED = "[{use: verified, undecided: drop}, "
STAGES = [
    ("question_filters", (f"{PREFIX}{{use: length, min_question: 14}}]", f"{PREFIX}{{use: top_k, by: flesch, k: 5}}]")),
    ("near_dedup", ("exact_dedup", "near_dedup")),
    ("verifiers", ("[exact]", "[exact, {use: math}]")),
    ("sample_filters", (f"{VERIFIED}exact_dedup]", f"{VERIFIED}near_dedup]")),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("vary", "values"), STAGES, ids=[vary for vary, _ in STAGES])
def test_each_variant_is_the_run_that_it_would_be_alone(tmp_path: Path, vary: str, values: tuple[str, ...]) -> None:
    write_farm(tmp_path)
    files = [tmp_path / f"variant_{number}.yaml" for number in range(len(values))]
    for file, value in zip(files, values, strict=True):
        file.write_text(value)
    ablate(tmp_path, "--vary", vary, "--with", *files)
    for file in files:
        made, alone = tmp_path / "out" / file.stem, tmp_path / file.stem
        alone.mkdir()
        recipe = write_farm(alone).with_name("recipe.yaml")
        shutil.copy(made / "recipe.yaml", recipe)
        assert cli.main(["run", str(recipe), "--out", str(alone / "out"), "--workers", "1"]) == 0
        for written in (*(f"dataset/{name}" for name in FILES), "dropped.parquet"):
            assert (made / written).read_bytes() == (alone / "out" / written).read_bytes(), written


def test_the_variants_are_compared(made: Path) -> None:
    result = json.loads((made / "out" / "ablation.json").read_text())["variants"]
    assert list(result) == ["strict", "recipe", "none"]
    assert [each["num_rows"] for each in result.values()] == [3, 16, 19]
    assert result["none"]["num_questions"] == 18
    assert result["strict"]["overlap"] == {"recipe": 2 / 17, "none": 3 / 18}
    assert result["recipe"]["counts"] == {"drawn": 20, "asked": 17, "traces": 17, "kept": 16}
    page = (made / "out" / "ablation.md").read_text()
    assert "| rows | 3 | 16 | 19 |" in page
    assert "ablation-dark.png" in page
    light, dark = ((made / "out" / f"ablation-{theme}.png").read_bytes() for theme in ("light", "dark"))
    assert light != dark
    assert light.startswith(b"\x89PNG")


def made_before(capsys: pytest.CaptureFixture[str], folder: Path) -> list[str]:
    """Run the ablation again and return the variants that were not made again."""
    capsys.readouterr()
    ablate(folder, *filters(folder))
    lines = capsys.readouterr().err.splitlines()
    return [line.partition(":")[0] for line in lines if f"made before, in {folder / 'out'}" in line]


@pytest.mark.slow
def test_what_is_finished_is_not_made_again(farm: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(farm / "out" / "recipe")
    assert made_before(capsys, farm) == ["strict", "none"]
    assert (farm / "out" / "recipe" / "dataset" / "README.md").is_file()
    (farm / "strict.yaml").write_text(STRICT.replace("18", "17"))
    record = json.loads((farm / "out" / "none" / "run.json").read_text())
    assert len(record["inputs"]) == 1
    record["inputs"] = dict.fromkeys(record["inputs"], "another file's hash")
    (farm / "out" / "none" / "run.json").write_text(json.dumps(record))
    assert made_before(capsys, farm) == ["recipe"]
    assert made_before(capsys, farm) == ["strict", "recipe", "none"]


def test_after_ctrl_c_the_same_command_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = write_farm(tmp_path)
    name, flag = "tests.cli.test_ablate:Interrupted", tmp_path / "flag"
    teacher = f"teacher: {{use: '{name}', response: response, flag: {flag}, teacher: farmer}}\n"
    lines = recipe.read_text().splitlines(keepends=True)
    recipe.write_text("".join(teacher if line.startswith("teacher:") else line for line in lines))
    flag.write_text("other")
    words = ("--vary", "teacher.teacher", "--with", "first", "other")
    ablate(tmp_path, *words, code=EXIT_INTERRUPTED)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"ablation.json", "first"}
    flag.unlink()
    capsys.readouterr()
    ablate(tmp_path, *words)
    assert "first: made before" in capsys.readouterr().err
    assert {path.name for path in (tmp_path / "out").iterdir() if path.is_dir()} == {"first", "other"}


def test_the_budget_is_split_and_the_names_are_the_variants_own(tmp_path: Path) -> None:
    recipe = write_farm(tmp_path)
    recipe.write_text(
        recipe.read_text().replace("license:", "repo: me/farm, license:") + "budget: {usd: 3, tokens: 9}\n"
    )
    chosen = variants(
        recipe,
        lambda value: load_recipe(recipe, value=value, target=5),
        vary="dedup",
        values=["near_dedup", "{use: exact_dedup}"],
    )
    first, second = (each.recipe for each in chosen)
    assert (first.name, second.name) == ("farm-near_dedup", "farm-use-exact_dedup")
    assert [each.publish.repo for each in (first, second)] == ["me/farm-near_dedup", "me/farm-use-exact_dedup"]
    assert first.budget == second.budget == Budget(usd=1.5, tokens=4)
    assert [each.question_filters[3].use for each in (first, second)] == ["near_dedup", "exact_dedup"]
    assert first.target == 5


@pytest.mark.slow
def test_an_answer_that_two_variants_use_is_paid_for_once_and_counts_in_both(tmp_path: Path) -> None:
    recipe = write_farm(tmp_path)
    with ChatServer(answer=lambda body: completion("<think>So.</think>Answer: 27")) as server:
        lines = recipe.read_text().replace("[{use: verified, undecided: drop}]", "[]").splitlines(keepends=True)
        teacher = f"teacher: {{use: openai, model: '{server.spec}', reasoning: false}}\n"
        recipe.write_text("".join(teacher if line.startswith("teacher:") else line for line in lines))
        ablate(tmp_path, "--vary", "question_filters", "--with", "[]", "[near_dedup]", "recipe")
        assert len(server.prompts) == len(set(server.prompts)) == 19
    counts = [json.loads((tmp_path / "out" / name / "run.json").read_text())["counts"] for name in ("none", "recipe")]
    assert [each["asked"] for each in counts] == [20, 17]
    assert [each["spent"]["teacher"]["answers"] for each in counts] == [19, 17]
    assert [each["spent"]["teacher"]["cached"] for each in counts] == [0, 17]


@pytest.mark.slow
def test_a_variant_that_accepts_nothing_is_a_fault_and_the_others_are_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_farm(tmp_path)
    ablate(tmp_path, "--vary", "question_filters[0]", "--with", LONG, "recipe", code=EXIT_USER_ERROR)
    out, err = capsys.readouterr()
    assert [line for line in err.splitlines() if line.startswith("use-length-min_question-900: no sample accepted")]
    assert "nothing was accepted" in (tmp_path / "out" / "ablation.md").read_text()
    assert str(tmp_path / "out" / "recipe" / "dataset") in out


FAULTS = [
    (("--vary", "deduplicate", "--with", "a", "b"), "--vary: the recipe has no stage and no plug-in 'deduplicate'"),
    (("--vary", "exat", "--with", "a", "b"), "no stage and no plug-in 'exat'; did you mean 'exact'"),
    (("--vary", "length", "--with", "a", "b"), "--vary: 'length' stands for several plug-ins of the recipe"),
    (("--vary", "question_filters", "--with", "[]"), "--with: there is nothing to compare with; give two values"),
    (("--vary", "question_filters", "--with", "[]", "{}"), "--with: two values have the name"),
    (("--vary", "sample_filters", "--with", "[]", "gone.yaml"), "gone.yaml: there is no such file"),
    (("--vary", "question_filters[0].min_question", "--with", "3", "x"), "question_filters[0].min_question: a whole"),
    (("--vary", "teacher", "--with", "rehearsal", "solvr"), "--with: 'solvr' is not a teacher; did you mean 'solver'"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "line"), FAULTS, ids=lambda value: str(value)[-12:])
def test_a_fault_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], line: str
) -> None:
    recipe = write_farm(tmp_path)
    if words[1] == "length":
        recipe.write_text(recipe.read_text().replace("  - readability\n", "  - {use: length, max_question: 99}\n"))
    assert line in refused(capsys, tmp_path, *words)
    assert not (tmp_path / "out").exists()


def test_a_fault_in_a_file_names_its_line(farm: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (farm / "strict.yaml").write_text(f"question_filters:\n{STRICT.replace('min_q', 'min_k')}")
    error = refused(capsys, farm, *filters(farm))
    assert error.startswith(f"{farm / 'strict.yaml'}:2: question_filters[0].min_kuestion: ")


def test_other_folders_are_left_alone(farm: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "holds an ablation of question_filters" in refused(capsys, farm, "--vary", "seed", "--with", "1", "2")
    (farm / "out" / "ablation.json").unlink()
    assert "exists and is not the folder of an ablation" in refused(capsys, farm, *filters(farm))
