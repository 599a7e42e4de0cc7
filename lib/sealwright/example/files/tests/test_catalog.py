from tests.test_plan import HOUSE

TOP = HOUSE.parent.parent
REGISTRY = TOP / "core_brain" / "catalog" / "registry.yaml"


def test_every_tool_of_the_catalog_is_where_it_says():
    lines = REGISTRY.read_text("utf-8").splitlines()
    paths = [line.split()[1] for line in lines if line.strip().startswith("path:")]
    assert paths and all((TOP / path).is_file() for path in paths)
