import StoresCore
