def pytest_addoption(parser):
    parser.addoption(
        "--full-size", action="store_true", help="segmentation of a 1282x1026 image in place of a small one"
    )
